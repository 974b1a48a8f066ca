/**
 * The keys with which Google signs tokens, fetched over TLS from one fixed address and cached as
 * long as the answer says, within bounds. A token with an unknown key makes them be fetched again,
 * at most once a minute, so that forged tokens cause no traffic. Keys that were fetched once stay
 * valid while Google cannot be reached.
 */
import { Problem } from '@lazaret/protocol';

import { readKeySet, type GoogleKey } from './google-token.ts';
import { hookLimits } from './limits.ts';
import { readObject } from './shapes/fields.ts';

const address = 'https://www.googleapis.com/oauth2/v3/certs';

export interface GoogleKeyOptions {
  readonly fetch: typeof fetch;
  readonly monotonicMs: () => number;
}

export class GoogleKeys {
  readonly #options: GoogleKeyOptions;
  #keys: readonly GoogleKey[] = [];
  #freshUntilMs = -Infinity;
  #triedAtMs = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(options: GoogleKeyOptions) {
    this.#options = options;
  }

  /** The keys, with the given one among them if Google has it. Throws `unavailable` without any. */
  async find(keyId: string | undefined): Promise<readonly GoogleKey[]> {
    const nowMs = this.#options.monotonicMs();
    const isKnown = this.#keys.some((one) => one.keyId === keyId);
    const isDue = nowMs >= this.#freshUntilMs || !isKnown;
    if (isDue && nowMs - this.#triedAtMs >= hookLimits.keySetRetryMs) this.#start(nowMs);
    if (this.#fetching !== undefined) await this.#fetching;
    if (this.#keys.length > 0) return this.#keys;
    throw new Problem('unavailable', 'the public keys of Google cannot be fetched', {
      headers: { 'retry-after': '60' },
    });
  }

  #start(nowMs: number): void {
    this.#triedAtMs = nowMs;
    this.#fetching ??= this.#fetch(nowMs)
      // What is cached stays; without a cache `find` says so.
      .catch(() => undefined)
      .finally(() => (this.#fetching = undefined));
  }

  async #fetch(nowMs: number): Promise<void> {
    const response = await this.#options.fetch(address, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(hookLimits.keySetMs),
    });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const document = readObject(await readBounded(response.body));
    if (typeof document === 'string') throw new Error(document);
    const keys = readKeySet(document);
    if (keys.length === 0) throw new Error('no keys');
    this.#keys = keys;
    const age = /max-age=(\d{1,9})/.exec(response.headers.get('cache-control') ?? '')?.[1];
    const { keySetFreshMsMin: min, keySetFreshMsMax: max } = hookLimits;
    this.#freshUntilMs = nowMs + Math.min(max, Math.max(min, Number(age ?? 0) * 1000));
  }
}

async function readBounded(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > hookLimits.keySetBytes) throw new Error('the key set is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
