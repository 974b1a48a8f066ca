/** Words and colours of reports: what a gap means, how bad a verdict is. */
import type { Gap, GapReason, Severity, VerdictState } from '@lazaret/protocol';

import type { StyleName } from './style.ts';
import { visibleLine } from './visible-text.ts';

export const severityStyles: Readonly<Record<Severity, StyleName>> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

export const verdictStyles: Readonly<Record<VerdictState, StyleName>> = {
  clean: 'green',
  suspicious: 'yellow',
  malicious: 'red',
  incomplete: 'yellow',
  unscanned: 'cyan',
};

export const verdictWords: Readonly<Record<VerdictState, string>> = {
  clean: 'everything was examined, and nothing bad was found',
  suspicious: 'something deserves a look',
  malicious: 'something bad was found',
  incomplete: 'nothing bad was found in what could be examined, and that was not everything',
  unscanned: 'all was read, and no scanner looked for malware',
};

const reasonWords: Readonly<Record<GapReason, string>> = {
  too_large: 'too large to be examined whole',
  too_many: 'more than are looked at',
  too_deep: 'nested too deeply',
  ratio: 'inflates out of all proportion',
  encrypted: 'encrypted',
  damaged: 'damaged',
  unsupported: 'of a kind that is not understood',
  missing_part: 'a part is missing',
  not_available: 'could not be had',
  timed_out: 'took too long',
  failed: 'failed',
  stale_signatures: 'the signatures are too old',
  unhealthy: 'the scanner was not in order',
};

/** `clamav: too large to be examined whole: 5 GiB: opt/huge.bin, layer 2`. */
export function gapLine({ by, reason, detail, path, layer }: Gap): string {
  const where = [
    ...(path === undefined ? [] : [visibleLine(path)]),
    ...(layer === undefined ? [] : [`layer ${layer}`]),
  ].join(', ');
  const parts = [visibleLine(by), reasonWords[reason], visibleLine(detail), where];
  return parts.filter((part) => part !== '').join(': ');
}

/** `1 layer`, `3 layers`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Names with how often each comes, the most frequent first: `412 deb, 3 npm`. */
export function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
