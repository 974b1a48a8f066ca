/** Creates the scanners that the settings configure; each thread has its own. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import {
  listConfiguredScanners,
  parseClamdAddress,
  type ScannerId,
  type ScannerSettings,
} from '@lazaret/protocol';

import { scanLimits } from './limits.ts';
import { createClamavScanner } from './clamav/scanner.ts';
import { createHashSetScanner } from './hash-set/hash-set-scanner.ts';
import { makeHashList } from './hash-set/hash-list.ts';
import type { HashList } from './hash-set/hash-list.ts';
import { parseHashList } from './hash-set/parse-hash-list.ts';
import { SealedSet, sealedMagic } from './hash-set/sealed-set.ts';
import { openSoftwareReference } from './hash-set/software-reference.ts';
import type { SoftwareReference } from './hash-set/software-reference.ts';
import type { Scanner } from './scanner.ts';
import { createSecretsScanner } from './secrets/secrets-scanner.ts';
import { parseSimilarityList } from './similarity/similarity-list.ts';
import { createSimilarityScanner } from './similarity/similarity.ts';
import { unavailableScanner } from './unavailable-scanner.ts';
import { createYaraScanner } from './yara/scanner.ts';

export interface ScannerSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Settings that are not given configure nothing. */
export type GivenScannerSettings = Partial<ScannerSettings>;

type CreateScanner = (settings: GivenScannerSettings, now: () => number) => Scanner;

const creators: Readonly<Record<ScannerId, CreateScanner>> = {
  clamav: clamavScanner,
  yara: ({ yaraRules = [] }) => createYaraScanner({ rules: yaraRules, workers: 1 }),
  'hash-set': hashSetScanner,
  similarity: ({ similarityLists = [] }) => similarityScanner(similarityLists),
  secrets: () => createSecretsScanner(),
};

/** A scanner that cannot be created is included as unhealthy, never omitted. */
export function createScanners(
  settings: GivenScannerSettings,
  { now }: ScannerSurroundings,
): Scanner[] {
  return listConfiguredScanners(settings).map((id) =>
    orUnavailable(id, () => creators[id](settings, now)),
  );
}

function orUnavailable(id: string, make: () => Scanner): Scanner {
  try {
    return make();
  } catch (error) {
    return unavailableScanner(id, error instanceof Error ? error.message : `${id} cannot be made`);
  }
}

/** Sessions for one thread: clamd has ten threads by default, shared by all of ours. */
const clamdSessions = 4;
/** The signature directory of clamd on most systems; VERSION does not report custom ones. */
const usualDatabase = '/var/lib/clamav';

function clamavScanner(
  { clamd = '', clamdDatabase }: GivenScannerSettings,
  now: () => number,
): Scanner {
  const endpoint = parseClamdAddress(clamd);
  if (endpoint === undefined) {
    throw new Error(`clamd: expected a socket or host:port, received ${JSON.stringify(clamd)}`);
  }
  const usual = 'socketPath' in endpoint && existsSync(usualDatabase) ? usualDatabase : undefined;
  const directory = clamdDatabase ?? usual;
  const options = { endpoint, now, sessions: clamdSessions };
  return createClamavScanner(
    directory === undefined ? options : { ...options, databaseDirectory: directory },
  );
}

function hashSetScanner(settings: GivenScannerSettings, now: () => number): Scanner {
  const { denyLists = [], allowLists = [], softwareReference } = settings;
  const missing: string[] = [];
  const lists: HashList[] = [];
  const sealed: SealedSet[] = [];
  const attempt = (path: string, open: () => void): void => {
    try {
      open();
    } catch (error) {
      missing.push(`${path}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  };
  const open = (path: string, kind: HashList['kind']): void =>
    attempt(path, () => {
      if (isSealed(path)) sealed.push(SealedSet.open(path));
      else lists.push(makeHashList({ name: basename(path), kind }, parseHashList(readText(path))));
    });
  for (const path of denyLists) open(path, 'deny');
  for (const path of allowLists) open(path, 'allow');
  let reference: SoftwareReference | undefined;
  if (softwareReference !== undefined) {
    attempt(softwareReference, () => (reference = openSoftwareReference(softwareReference)));
  }
  const sources = { lists, sealed, missing, now };
  return createHashSetScanner(reference === undefined ? sources : { ...sources, reference });
}

function similarityScanner(paths: readonly string[]): Scanner {
  const lists = paths.map((path) => parseSimilarityList(readText(path)));
  const entries = lists.flatMap((list) => list.entries);
  const skipped = lists.reduce((sum, list) => sum + list.skipped, 0);
  return createSimilarityScanner({ entries, skipped });
}

function readText(path: string): string {
  const { size } = statSync(path);
  if (size <= scanLimits.hashListChars) return readFileSync(path, 'utf8');
  throw new Error(`${path} has ${size} bytes, at most ${scanLimits.hashListChars} are read`);
}

function isSealed(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(sealedMagic.length);
    readSync(file, head, 0, head.length, 0);
    return head.equals(sealedMagic);
  } finally {
    closeSync(file);
  }
}
