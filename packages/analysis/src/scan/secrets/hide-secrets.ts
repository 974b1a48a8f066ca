/**
 * Masks secrets in texts like in findings, so that a report does not contain the secrets that it
 * warns of.
 */
import { findSecrets } from './find-secrets.ts';
import type { FoundSecret } from './find-secrets.ts';

/** Shorter ones are words with another meaning elsewhere, such as a password `postgres`. */
const distinctChars = 12;

/** Masks the findings of the scanner `secrets` in related texts. */
export class SecretHider {
  readonly #path: string;
  /** Replacements by secret: found once, it is masked in every text. */
  readonly #known = new Map<string, string>();

  /** @param all The texts as they were scanned, under the path that the findings name. */
  constructor(all: Buffer, path: string) {
    this.#path = path;
    const text = all.toString('latin1');
    for (const { severity, secretAt, secretBytes, hidden } of this.#find(all)) {
      const secret = text.slice(secretAt, secretAt + secretBytes);
      if (severity !== 'info' && secretBytes >= distinctChars) this.#known.set(secret, hidden);
    }
  }

  /** @param name The name of the value; it is not masked, and is part of the context. */
  hide(text: string, name?: string): string {
    const head = name === undefined ? '' : Buffer.from(`${name}=`).toString('latin1');
    // One character for each byte, as secrets are found.
    const whole = head + Buffer.from(text).toString('latin1');
    let hidden = '';
    let at = head.length;
    for (const found of this.#find(Buffer.from(whole, 'latin1'))) {
      if (found.secretAt < at) continue;
      hidden += whole.slice(at, found.secretAt);
      const end = endOf(whole, found);
      const length = end - found.secretAt;
      hidden += length > found.secretBytes ? `[${length} characters]` : found.hidden;
      at = end;
    }
    hidden += whole.slice(at);
    for (const [secret, instead] of this.#known) hidden = hidden.replaceAll(secret, () => instead);
    const isSame = hidden === whole.slice(head.length);
    return isSame ? text : Buffer.from(hidden, 'latin1').toString();
  }

  #find(bytes: Buffer): readonly FoundSecret[] {
    return findSecrets(bytes, { path: this.#path, isBinary: false }).secrets;
  }
}

/** The rule matches the beginning of a private key; the rest is secret too. */
function endOf(text: string, { rule, secretAt, secretBytes }: FoundSecret): number {
  const end = secretAt + secretBytes;
  if (rule === 'private-key-putty') return text.length;
  if (!rule.startsWith('private-key')) return end;
  keyBody.lastIndex = end;
  return end + (keyBody.exec(text)?.[0].length ?? 0);
}

const keyBody = /(?:[A-Za-z0-9+/=\s"',]|\\[rn])*/y;
