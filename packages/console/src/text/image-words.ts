/** What the short words of a report mean, for people. */
import type { FindingClass, GapReason, ReportLayer } from '@lazaret/protocol';

export const gapWords: Readonly<Record<GapReason, string>> = {
  too_large: 'too large',
  too_many: 'too many of them',
  too_deep: 'nested too deep',
  ratio: 'grows too much when unpacked',
  encrypted: 'encrypted',
  damaged: 'damaged',
  unsupported: 'a format that is not understood',
  missing_part: 'a part of it is missing',
  not_available: 'could not be had',
  timed_out: 'took too long',
  failed: 'the examination failed',
  stale_signatures: 'signatures are too old',
  unhealthy: 'the scanner was not healthy',
};

export const classWords: Readonly<Record<FindingClass, string>> = {
  malware: 'Malware',
  'known-bad': 'On a deny list',
  'dual-use': 'Tool of two uses',
  similar: 'Resembles something bad',
  secret: 'Secret',
  vulnerability: 'Vulnerability',
  misconfiguration: 'Misconfiguration',
  structure: 'Deceptive structure',
};

interface LayerLook {
  readonly word: string;
  readonly tone: 'succeeded' | 'moving' | 'warning' | 'failed';
}

export const layerLooks: Readonly<Record<ReportLayer['state'], LayerLook>> = {
  examined: { word: 'Examined', tone: 'succeeded' },
  cached: { word: 'Known already', tone: 'moving' },
  partial: { word: 'In part', tone: 'warning' },
  missing: { word: 'Not examined', tone: 'failed' },
};

/** `-rwsr-xr-x`: permission bits as `ls` writes them, without the type. */
export function modeWords(mode: number): string {
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

/** `1 layer`, `3 layers`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
