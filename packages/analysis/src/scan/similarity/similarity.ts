/**
 * The scanner `similarity`: programs that resemble known bad ones, by TLSH, ssdeep and sdhash. An
 * indication for people and for hunting, never a verdict by itself. All digests ignore parts of the
 * content: similar content is not equal, and equal digests do not exclude additions.
 */
import { hash } from 'node:crypto';

import { digestLimits } from '../../digest/limits.ts';
import { isProgram } from '../../format/file-kind.ts';
import { sdhashScore } from '../../digest/sdhash-score.ts';
import { sdhash } from '../../digest/sdhash.ts';
import { shortenRuns, ssdeepScore } from '../../digest/ssdeep-score.ts';
import { ssdeep } from '../../digest/ssdeep.ts';
import { distanceBetween, parseTlsh, tlsh } from '../../digest/tlsh.ts';
import { scanLimits } from '../limits.ts';
import type { FileFinding, ScanAnswer, Scanner } from '../scanner.ts';
import type { SimilarityEntry } from './similarity-list.ts';

export interface SimilarityOptions {
  /** Digests of known bad programs, see similarity-list.ts. */
  readonly entries: readonly SimilarityEntry[];
  /** Rows of the lists without such a digest; any such row makes the scanner unhealthy. */
  readonly skipped?: number;
}

/**
 * Thresholds of reported similarities. TLSH: the authors' study finds few false matches up to 30
 * and some up to 60. ssdeep: any score above 0 needs seven pieces in common; below 40 that is often
 * a shared library. sdhash: its manual calls 21 and more strong.
 */
export const similarityThresholds = {
  tlsh: { low: 30, info: 60 },
  ssdeep: { low: 70, info: 40 },
  sdhash: { low: 50, info: 21 },
} as const;

type Method = keyof typeof similarityThresholds;

interface Match {
  readonly entry: SimilarityEntry;
  readonly method: Method;
  /** A distance for TLSH, else a score. */
  readonly value: number;
  readonly severity: 'low' | 'info';
}

/** Findings of class `similar`, the nearest first, one for each name on the list. */
export function createSimilarityScanner({ entries, skipped = 0 }: SimilarityOptions): Scanner {
  const known = indexEntries(entries.slice(0, scanLimits.similarityListEntries));
  const identity = JSON.stringify(
    entries.map(({ digest, name, source }) => [digest, name, source]),
  );
  const signatures = `${entries.length} digests ${hash('sha256', identity)}`;
  const failed = (detail: string, reason: 'failed' | 'not_available'): ScanAnswer => {
    return { state: 'failed', findings: [], reason, detail, signatures };
  };
  let isOpen = true;
  return {
    id: 'similarity',
    needs: 'bytes',
    describe: () =>
      Promise.resolve({
        engine: 'Lazaret similarity 1',
        signatures,
        rules: entries.length,
        limits: JSON.stringify([similarityThresholds, digestLimits.similarityFileBytes]),
        healthy: isOpen && skipped === 0,
        ...(skipped > 0 && { problem: `${skipped} rows have no TLSH, ssdeep or sdhash digest` }),
        ...(!isOpen && { problem: 'the list was closed' }),
      }),
    wants: ({ kind, mode }) => entries.length > 0 && isProgram(kind, mode),
    scan: ({ bytes }, signal) => {
      if (!isOpen) return Promise.resolve(failed('the list was closed', 'not_available'));
      if (signal?.aborted === true) return Promise.resolve(failed('cancelled', 'failed'));
      if (bytes === undefined) {
        return Promise.resolve(failed('the content was not provided', 'not_available'));
      }
      return Promise.resolve({ ...compareAll(bytes, known), signatures });
    },
    close: () => {
      isOpen = false;
      return Promise.resolve();
    },
  };
}

interface Known {
  readonly tlsh: readonly { readonly entry: SimilarityEntry; readonly bytes: Buffer }[];
  /** By block size and seven letters: only these can have a score. */
  readonly ssdeep: ReadonlyMap<string, readonly SimilarityEntry[]>;
  readonly sdhash: readonly SimilarityEntry[];
}

function indexEntries(entries: readonly SimilarityEntry[]): Known {
  const known = {
    tlsh: [] as { entry: SimilarityEntry; bytes: Buffer }[],
    ssdeep: new Map<string, SimilarityEntry[]>(),
    sdhash: [] as SimilarityEntry[],
  };
  for (const entry of entries) {
    const bytes = parseTlsh(entry.digest);
    if (bytes !== undefined) known.tlsh.push({ entry, bytes });
    else if (entry.digest.startsWith('sdbf:')) known.sdhash.push(entry);
    else {
      for (const key of windowsOf(entry.digest)) {
        const those = known.ssdeep.get(key);
        if (those === undefined) known.ssdeep.set(key, [entry]);
        else those.push(entry);
      }
    }
  }
  return known;
}

function compareAll(bytes: Buffer, known: Known): Pick<ScanAnswer, 'state' | 'findings'> & Gap {
  const matches = [...matchTlsh(bytes, known), ...matchSsdeep(bytes, known)];
  const isCut = known.sdhash.length > 0 && bytes.length > digestLimits.similarityFileBytes;
  if (known.sdhash.length > 0 && !isCut) matches.push(...matchSdhash(bytes, known));
  const findings = nearestOfEach(matches).map(toFinding);
  if (!isCut) return { state: 'examined', findings };
  const detail = `sdhash digests are made of up to ${digestLimits.similarityFileBytes} bytes`;
  return { state: 'partial', findings, reason: 'too_large', detail };
}

interface Gap {
  readonly reason?: 'too_large';
  readonly detail?: string;
}

function matchTlsh(bytes: Buffer, known: Known): Match[] {
  const own = known.tlsh.length === 0 ? undefined : parseTlsh(tlsh(bytes) ?? '');
  if (own === undefined) return [];
  return known.tlsh.flatMap((each) => {
    const value = distanceBetween(own, each.bytes);
    const { low, info } = similarityThresholds.tlsh;
    if (value > info) return [];
    return [{ entry: each.entry, method: 'tlsh', value, severity: value <= low ? 'low' : 'info' }];
  });
}

function matchSsdeep(bytes: Buffer, known: Known): Match[] {
  const own = known.ssdeep.size === 0 ? undefined : ssdeep(bytes);
  if (own === undefined) return [];
  const candidates = new Set(windowsOf(own).flatMap((key) => known.ssdeep.get(key) ?? []));
  return scoreMatches([...candidates], 'ssdeep', ({ digest }) => ssdeepScore(own, digest));
}

function matchSdhash(bytes: Buffer, known: Known): Match[] {
  const own = sdhash(bytes);
  if (own === undefined) return [];
  return scoreMatches(known.sdhash, 'sdhash', ({ digest }) => sdhashScore(own, digest));
}

function scoreMatches(
  entries: readonly SimilarityEntry[],
  method: 'ssdeep' | 'sdhash',
  score: (entry: SimilarityEntry) => number | undefined,
): Match[] {
  const { low, info } = similarityThresholds[method];
  return entries.flatMap((entry) => {
    const value = score(entry) ?? 0;
    return value < info ? [] : [{ entry, method, value, severity: value >= low ? 'low' : 'info' }];
  });
}

/** Every run of seven letters of both halves, each with the block size that it belongs to. */
function windowsOf(digest: string): string[] {
  const [block = '', first = '', second = ''] = digest.split(/[:,]/, 3);
  const keys = new Set<string>();
  for (const [letters, size] of [
    [first, Number(block)],
    [second, Number(block) * 2],
  ] as const) {
    const short = shortenRuns(letters);
    for (let at = 0; at + 7 <= short.length; at += 1)
      keys.add(`${size}:${short.slice(at, at + 7)}`);
  }
  return [...keys];
}

function nearestOfEach(matches: readonly Match[]): Match[] {
  const byName = new Map<string, Match>();
  for (const match of matches.toSorted((one, other) => nearness(other) - nearness(one))) {
    if (!byName.has(match.entry.name)) byName.set(match.entry.name, match);
  }
  return [...byName.values()].slice(0, scanLimits.similarityFindings);
}

function nearness({ method, value }: Match): number {
  return method === 'tlsh' ? 100 - value : value;
}

function toFinding({ entry, method, value, severity }: Match): FileFinding {
  const { name, source, digest } = entry;
  const measure = method === 'tlsh' ? 'distance' : 'score';
  return {
    class: 'similar',
    severity,
    rule: name,
    title: `Resembles ${name} (${method} ${measure} ${value}); an indication, not proof`,
    evidence: {
      method,
      [measure]: value,
      // An sdhash digest may have megabytes.
      knownDigest: digest.slice(0, 200),
      ...(source === undefined ? {} : { source }),
    },
  };
}
