/** Creates the selected scanners; each thread has its own. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import { scanLimits } from './limits.ts';
import type { HashListChoice, ScannerChoice } from './scanner-choice.ts';
import type { ClamdEndpoint } from './clamav/connection.ts';
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

/** A scanner that cannot be created is included as unhealthy, never omitted. */
export function createScanners(choice: ScannerChoice, { now }: ScannerSurroundings): Scanner[] {
  const { clamav, yara, hashSets, similarity, secrets } = choice;
  const scanners: Scanner[] = [];
  if (clamav !== undefined) {
    scanners.push(orUnavailable('clamav', () => clamavScanner(clamav, now)));
  }
  if (yara !== undefined) {
    scanners.push(
      orUnavailable('yara', () => createYaraScanner({ rules: yara.rules, workers: 1 })),
    );
  }
  if (hashSets !== undefined) {
    scanners.push(orUnavailable('hash-set', () => hashSetScanner(hashSets, now)));
  }
  if (similarity !== undefined) {
    scanners.push(orUnavailable('similarity', () => similarityScanner(similarity.lists)));
  }
  if (secrets === true) scanners.push(createSecretsScanner());
  return scanners;
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
  { address, databaseDirectory }: NonNullable<ScannerChoice['clamav']>,
  now: () => number,
): Scanner {
  const endpoint = parseClamdAddress(address);
  const usual = 'socketPath' in endpoint && existsSync(usualDatabase) ? usualDatabase : undefined;
  const directory = databaseDirectory ?? usual;
  const options = { endpoint, now, sessions: clamdSessions };
  return createClamavScanner(
    directory === undefined ? options : { ...options, databaseDirectory: directory },
  );
}

/** `/run/clamav/clamd.ctl`, `unix:/run/clamav/clamd.ctl` or `host:port`. Throws an Error. */
export function parseClamdAddress(address: string): ClamdEndpoint {
  const path = address.replace(/^unix:(?:\/\/)?/, '');
  if (path.startsWith('/')) return { socketPath: path };
  const match = /^(?:tcp:\/\/)?\[?([^\]]+)\]?:(\d{1,5})$/.exec(address);
  const [, host, port] = match ?? [];
  if (host !== undefined && port !== undefined) return { host, port: Number(port) };
  throw new Error(`clamd: expected /path/of/its.socket or host:port, received ${address}`);
}

function hashSetScanner(
  { lists, rds = [] }: NonNullable<ScannerChoice['hashSets']>,
  now: () => number,
): Scanner {
  const missing: string[] = [];
  const opened: HashList[] = [];
  const sealed: SealedSet[] = [];
  const attempt = (path: string, open: () => void): void => {
    try {
      open();
    } catch (error) {
      missing.push(`${path}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  };
  for (const list of lists) {
    attempt(list.path, () => {
      if (isSealed(list.path)) sealed.push(SealedSet.open(list.path));
      else opened.push(readList(list));
    });
  }
  let reference: SoftwareReference | undefined;
  for (const path of rds) {
    attempt(path, () => {
      if (reference !== undefined) throw new Error('only one software reference is supported');
      reference = openSoftwareReference(path);
    });
  }
  const sources = { lists: opened, sealed, missing, now };
  return createHashSetScanner(reference === undefined ? sources : { ...sources, reference });
}

function readList({ path, kind, name }: HashListChoice): HashList {
  return makeHashList({ name: name ?? basename(path), kind }, parseHashList(readText(path)));
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
