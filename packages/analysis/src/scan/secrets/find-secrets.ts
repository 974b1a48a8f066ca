/** Secrets in the bytes of one file. */
import type { Severity } from '@lazaret/protocol';

import { scanLimits } from '../limits.ts';
import { contextRules } from './context-rules.ts';
import { fileRuleLineChars, fileRules } from './file-rules.ts';
import type { FileRule } from './file-rules.ts';
import { downgradeReasonOf } from './judge-value.ts';
import { keyRules } from './key-rules.ts';
import { prepareSearch, searchLiterals } from './literal-search.ts';
import type { LiteralSearch } from './literal-search.ts';
import { windowAfter, windowBefore } from './secret-rule.ts';
import type { SecretRule } from './secret-rule.ts';
import { tokenRules } from './token-rules.ts';

export interface FoundSecret {
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly line: number;
  readonly offset: number;
  /** The matched text, masked except for a public prefix. */
  readonly masked: string;
  /** Offset of the secret itself, in bytes; not part of a finding. */
  readonly secretAt: number;
  readonly secretBytes: number;
  /** The replacement for the secret in `masked`. */
  readonly hidden: string;
  /** Why it is only `info`. */
  readonly downgradeReason?: string;
}

export interface SecretsAnswer {
  readonly secrets: readonly FoundSecret[];
  /** There were more than `secretFindings` findings, or more than `secretPlaces` candidates. */
  readonly isCut: boolean;
}

/** All rules that begin at a literal; with file-rules.ts these are the rule set. */
export const secretRules: readonly SecretRule[] = [...keyRules, ...tokenRules, ...contextRules];

interface Prepared {
  readonly search: LiteralSearch;
  /** For each literal, the rules that begin with it. */
  readonly rules: readonly (readonly SecretRule[])[];
}

const forText = prepare(secretRules);
const forBinary = prepare(secretRules.filter(({ binary }) => binary === true));
const ruleFileBytes = 1 << 20;

/**
 * Finds secrets. Programs and other binary files are only searched with rules that cannot match by
 * coincidence. Takes time linear in the size: each candidate has a window of fixed size.
 */
export function findSecrets(
  bytes: Buffer,
  { path, isBinary }: { readonly path: string; readonly isBinary: boolean },
): SecretsAnswer {
  const finder = new Finder(bytes, path);
  const { search, rules } = isBinary ? forBinary : forText;
  // Rules for specific files come first: they are more certain.
  const isWhole = isBinary || tryFileRules(bytes, path, finder);
  let places = 0;
  searchLiterals(search, bytes, (literal, at) => {
    places += 1;
    for (const rule of rules[literal] ?? []) finder.tryRule(rule, at);
    return places < scanLimits.secretPlaces && !finder.isFull;
  });
  const isCut = places >= scanLimits.secretPlaces || finder.isFull;
  return { secrets: finder.finish(), isCut: isCut || !isWhole };
}

function prepare(rules: readonly SecretRule[]): Prepared {
  const byLiteral = new Map<string, SecretRule[]>();
  for (const rule of rules) {
    for (const anchor of rule.anchors) {
      const those = byLiteral.get(anchor);
      if (those === undefined) byLiteral.set(anchor, [rule]);
      else those.push(rule);
    }
  }
  return { search: prepareSearch([...byLiteral.keys()]), rules: [...byLiteral.values()] };
}

/** Reads files with known names by lines; false when one is too large to be read completely. */
function tryFileRules(bytes: Buffer, path: string, finder: Finder): boolean {
  const wanted = fileRules.filter((rule) => rule.path.test(path));
  if (wanted.length === 0) return true;
  const end = Math.min(bytes.length, ruleFileBytes);
  for (let from = 0; from < end;) {
    const newline = bytes.indexOf(0x0a, from);
    const next = newline < 0 ? end : newline + 1;
    const until = Math.min(next, from + fileRuleLineChars);
    const line = bytes.toString('latin1', from, until).replace(/\r?\n$/, '');
    for (const rule of wanted) finder.tryLine(rule, line, from);
    from = next;
  }
  return bytes.length <= ruleFileBytes;
}

class Finder {
  readonly #bytes: Buffer;
  readonly #path: string;
  readonly #found = new Map<string, Omit<FoundSecret, 'line'>>();
  /** Ends of matches: text inside one is not reported again by a less certain rule. */
  readonly #taken: { from: number; to: number }[] = [];

  constructor(bytes: Buffer, path: string) {
    this.#bytes = bytes;
    this.#path = path;
  }

  get isFull(): boolean {
    return this.#found.size >= scanLimits.secretFindings;
  }

  tryRule(rule: SecretRule, at: number): void {
    if (!this.#mayMatch(rule, at)) return;
    const start = Math.max(0, at - windowBefore);
    const text = this.#bytes.toString('latin1', start, at + (rule.reach ?? windowAfter));
    rule.pattern.lastIndex = at - start;
    const match = rule.pattern.exec(text);
    if (match === null) return;
    const secret = match.groups?.['secret'] ?? match.groups?.['basic'] ?? match[0];
    const before = text.slice(0, at - start);
    const asked = { path: this.#path, secret, text: match[0], before };
    const severity = rule.judge === undefined ? rule.severity : rule.judge(asked);
    if (severity === undefined) return;
    this.#add({ rule, severity, secret, text: match[0], offset: at });
  }

  #mayMatch(rule: SecretRule, at: number): boolean {
    if (rule.path !== undefined && !rule.path.test(this.#path)) return false;
    return rule.inWord === true || !isWordByte(this.#bytes[at - 1]);
  }

  tryLine(rule: FileRule, line: string, from: number): void {
    const match = rule.line.exec(line);
    const secret = match?.groups?.['secret'];
    if (match === null || secret === undefined || this.isFull) return;
    const severity = rule.judge === undefined ? rule.severity : rule.judge(secret);
    if (severity === undefined) return;
    this.#add({ rule, severity, secret, text: match[0], offset: from + match.index });
  }

  /** The findings in order, with the numbers of their lines. */
  finish(): FoundSecret[] {
    const found = [...this.#found.values()].toSorted((one, other) => one.offset - other.offset);
    let line = 1;
    let at = 0;
    return found.map((each) => {
      for (;;) {
        const newline = this.#bytes.indexOf(0x0a, at);
        if (newline < 0 || newline >= each.offset) break;
        line += 1;
        at = newline + 1;
      }
      return { ...each, line };
    });
  }

  #add({ rule, severity, secret, text, offset }: Taken): void {
    const from = offset + text.indexOf(secret);
    const to = from + secret.length;
    const overlaps = this.#taken.some((each) => from < each.to && each.from < to);
    if (overlaps || this.isFull) return;
    this.#taken.push({ from, to });
    const downgradeReason =
      severity === 'info' ? 'a placeholder' : downgradeReasonOf(this.#path, text);
    this.#found.set(`${rule.id}:${offset}`, {
      rule: rule.id,
      title: rule.title,
      severity: downgradeReason === undefined ? severity : 'info',
      offset,
      ...{ secretAt: from, secretBytes: secret.length, ...maskSecret(text, secret) },
      ...(downgradeReason === undefined ? {} : { downgradeReason }),
    });
  }
}

interface Taken {
  readonly rule: Pick<SecretRule, 'id' | 'title'>;
  readonly severity: Severity;
  readonly secret: string;
  readonly text: string;
  readonly offset: number;
}

const shownChars = 60;
const tokenHeadChars = 4;

/**
 * The text around the secret, and the secret's length. Of a token without context, the first four
 * characters, which are the same for all tokens of its issuer.
 */
function maskSecret(text: string, secret: string): Pick<FoundSecret, 'masked' | 'hidden'> {
  const isAll = secret.length === text.length;
  const count = `[${secret.length} characters]`;
  const hidden = isAll ? `${printable(secret.slice(0, tokenHeadChars))}${count}` : count;
  const head = text.slice(0, text.indexOf(secret));
  return { masked: `${printable(head.slice(-shownChars))}${hidden}`, hidden };
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ');
}

function isWordByte(byte = 0): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const lower = byte | 0x20;
  return isDigit || (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f;
}
