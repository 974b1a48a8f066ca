/** Display names for the codes of a report. */
import type { FindingClass, GapReason, ReportLayer } from '@lazaret/protocol';

export const gapReasonLabels: Readonly<Record<GapReason, string>> = {
  too_large: 'too large',
  too_many: 'too many entries',
  too_deep: 'nested too deeply',
  ratio: 'compression ratio too high',
  encrypted: 'encrypted',
  damaged: 'corrupt',
  unsupported: 'unsupported format',
  missing_part: 'missing part',
  not_available: 'not available',
  timed_out: 'timed out',
  failed: 'scan failed',
  stale_signatures: 'outdated signatures',
  unhealthy: 'scanner unhealthy',
};

export const findingClassLabels: Readonly<Record<FindingClass, string>> = {
  malware: 'Malware',
  'known-bad': 'Deny-listed',
  'dual-use': 'Dual-use tool',
  similar: 'Similar to known malware',
  secret: 'Secret',
  vulnerability: 'Vulnerability',
  misconfiguration: 'Misconfiguration',
  structure: 'Deceptive structure',
};

interface LayerStatus {
  readonly label: string;
  readonly tone: 'succeeded' | 'moving' | 'warning' | 'failed';
}

export const layerStatuses: Readonly<Record<ReportLayer['state'], LayerStatus>> = {
  examined: { label: 'Examined', tone: 'succeeded' },
  cached: { label: 'Cached', tone: 'moving' },
  partial: { label: 'Partial', tone: 'warning' },
  missing: { label: 'Not examined', tone: 'failed' },
};

/** `-rwsr-xr-x`: permission bits as `ls` writes them, without the type. */
export function formatMode(mode: number): string {
  const bits = [0o400, 0o200, 0o100, 0o40, 0o20, 0o10, 0o4, 0o2, 0o1];
  const letters = bits.map((bit, index) => ((mode & bit) === 0 ? '-' : 'rwx'.charAt(index % 3)));
  const special = [
    { bit: 0o4000, at: 2, letter: 's' },
    { bit: 0o2000, at: 5, letter: 's' },
    { bit: 0o1000, at: 8, letter: 't' },
  ];
  for (const { bit, at, letter } of special) {
    if ((mode & bit) !== 0) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}
