/** Labels and colours of reports: gaps, severities, verdicts. */
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

export const verdictLabels: Readonly<Record<VerdictState, string>> = {
  clean: 'everything was examined, no malware was found',
  suspicious: 'suspicious content was found',
  malicious: 'malware was found',
  incomplete: 'no malware was found, but not everything could be examined',
  unscanned: 'not scanned for malware',
};

const reasonLabels: Readonly<Record<GapReason, string>> = {
  too_large: 'too large to examine completely',
  too_many: 'limit exceeded',
  too_deep: 'nested too deeply',
  ratio: 'compression ratio too high',
  encrypted: 'encrypted',
  damaged: 'damaged',
  unsupported: 'unsupported format',
  missing_part: 'incomplete',
  not_available: 'not available',
  timed_out: 'timed out',
  failed: 'failed',
  stale_signatures: 'signatures out of date',
  unhealthy: 'scanner unhealthy',
};

/** `clamav: too large to examine completely: 5 GiB: opt/huge.bin, layer 2`. */
export function formatGap({ by, reason, detail, path, layer }: Gap): string {
  const where = [
    ...(path === undefined ? [] : [visibleLine(path)]),
    ...(layer === undefined ? [] : [`layer ${layer}`]),
  ].join(', ');
  const parts = [visibleLine(by), reasonLabels[reason], visibleLine(detail), where];
  return parts.filter((part) => part !== '').join(': ');
}

/** Names with their counts, the most frequent first: `412 deb, 3 npm`. */
export function formatCounts(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
