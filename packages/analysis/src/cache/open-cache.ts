/**
 * What analysis keeps between runs, in one SQLite file: facts of layers by verified digest, reader
 * and version; answers of scanners by content. Several processes and threads may use it at once.
 * It holds nothing that cannot be found again: a damaged or foreign file is set aside and begun
 * anew, and any row that cannot be read counts as not there.
 */
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { limits } from '@lazaret/protocol';
import { z } from 'zod';

import type { ScanAnswer } from '../scan/scanner.ts';
import type { VerdictKey, VerdictStore } from '../inspect/verdict-store.ts';

/** Raised when what is kept takes another form. */
const format = 1;
const fileName = 'analysis.db';

export interface PartKey {
  /** Digest of the layer's stored bytes, verified by whoever put the part there. */
  readonly digest: string;
  /** `files`, `reader:dpkg`, `scanner:clamav`. */
  readonly part: string;
  /** Everything else that the part depends on: versions, configuration, limits. */
  readonly profile: string;
}

export interface AnalysisCache extends VerdictStore {
  getPart(key: PartKey): unknown;
  putPart(key: PartKey, value: unknown): void;
  /** Whether anything at all is kept of a layer. */
  hasParts(digest: string): boolean;
  /** A part of a file of this machine as it is now; another name after any write to it. */
  identify(part: FilePart): string | undefined;
  /** Digest of what was identified so when it was hashed. */
  getFileDigest(identity: string): string | undefined;
  putFileDigest(identity: string, digest: string): void;
  /** Throws out what was used the longest ago until at most `maxBytes` are kept. */
  trim(maxBytes: number): void;
  close(): void;
}

export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

const verdictRow = z.object({
  state: z.literal('examined'),
  findings: z.array(z.custom<ScanAnswer['findings'][number]>((value) => typeof value === 'object')),
  signatures: z.string(),
});

/** Opens the cache of a directory, which is made when it is missing. */
export function openCache(directory: string): AnalysisCache {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, fileName);
  try {
    return new SqliteCache(openDatabase(path));
  } catch (error) {
    // Another program's file, or a damaged one: kept aside for whoever wants to look at it.
    if (!isDamaged(error)) throw error;
    renameSync(path, `${path}.damaged`);
    return new SqliteCache(openDatabase(path));
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: limits.cacheBusyMs });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const found = z
      .object({ user_version: z.number() })
      .parse(database.prepare('PRAGMA user_version').get()).user_version;
    if (found !== format) database.exec(`${dropAll} PRAGMA user_version = ${format};`);
    database.exec(createAll);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

const dropAll =
  'DROP TABLE IF EXISTS parts; DROP TABLE IF EXISTS verdicts; DROP TABLE IF EXISTS files;';
const createAll = `
  CREATE TABLE IF NOT EXISTS parts (
    digest TEXT NOT NULL, part TEXT NOT NULL, profile TEXT NOT NULL,
    body BLOB NOT NULL, size_bytes INTEGER NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (digest, part, profile)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS verdicts (
    sha256 BLOB NOT NULL, size_bytes INTEGER NOT NULL, profile TEXT NOT NULL, path TEXT NOT NULL,
    answer TEXT NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (sha256, size_bytes, profile, path)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS files (
    identity TEXT PRIMARY KEY, digest TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), runs INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter VALUES (1, 0);
  UPDATE counter SET runs = runs + 1;
`;

class SqliteCache implements AnalysisCache {
  readonly #database: DatabaseSync;
  /** Counts openings: what was used last is what has the highest. */
  readonly #run: number;
  readonly #selectPart: StatementSync;
  readonly #touchPart: StatementSync;
  readonly #insertPart: StatementSync;
  readonly #selectVerdict: StatementSync;
  readonly #insertVerdict: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const counted = database.prepare('SELECT runs FROM counter').get();
    this.#run = z.object({ runs: z.number() }).parse(counted).runs;
    const ofPart = 'digest = ? AND part = ? AND profile = ?';
    this.#selectPart = database.prepare(`SELECT body FROM parts WHERE ${ofPart}`);
    this.#touchPart = database.prepare(`UPDATE parts SET used = ? WHERE ${ofPart}`);
    this.#insertPart = database.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)');
    this.#selectVerdict = database.prepare(
      'SELECT answer FROM verdicts WHERE sha256 = ? AND size_bytes = ? AND profile = ? AND path = ?',
    );
    this.#insertVerdict = database.prepare(
      'INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  getPart({ digest, part, profile }: PartKey): unknown {
    const row = this.#selectPart.get(digest, part, profile);
    if (row === undefined || !(row['body'] instanceof Uint8Array)) return undefined;
    const value = decodeBody(row['body']);
    if (value !== undefined)
      this.#quietly(() => this.#touchPart.run(this.#run, digest, part, profile));
    return value;
  }

  putPart({ digest, part, profile }: PartKey, value: unknown): void {
    const body = zstdCompressSync(JSON.stringify(value));
    this.#quietly(() => this.#insertPart.run(digest, part, profile, body, body.length, this.#run));
  }

  get(key: VerdictKey): ScanAnswer | undefined {
    const sha256 = Buffer.from(key.sha256, 'hex');
    const row = this.#selectVerdict.get(sha256, key.sizeBytes, key.profile, key.path);
    if (typeof row?.['answer'] !== 'string') return undefined;
    const parsed = verdictRow.safeParse(parseJson(row['answer']));
    return parsed.success ? parsed.data : undefined;
  }

  put(key: VerdictKey, { state, findings, signatures }: ScanAnswer): void {
    const sha256 = Buffer.from(key.sha256, 'hex');
    const answer = JSON.stringify({ state, findings, signatures });
    this.#quietly(() =>
      this.#insertVerdict.run(sha256, key.sizeBytes, key.profile, key.path, answer, this.#run),
    );
  }

  hasParts(digest: string): boolean {
    const row = this.#database.prepare('SELECT 1 FROM parts WHERE digest = ? LIMIT 1').get(digest);
    return row !== undefined;
  }

  identify(part: FilePart): string | undefined {
    return fileIdentity(part);
  }

  getFileDigest(identity: string): string | undefined {
    const row = this.#database.prepare('SELECT digest FROM files WHERE identity = ?').get(identity);
    return typeof row?.['digest'] === 'string' ? row['digest'] : undefined;
  }

  putFileDigest(identity: string, digest: string): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?)');
    this.#quietly(() => insert.run(identity, digest, this.#run));
  }

  trim(maxBytes: number): void {
    this.#quietly(() => {
      for (let rounds = 0; this.#sizeBytes() > maxBytes && rounds < trimRounds; rounds += 1) {
        this.#database.exec(deleteOldest);
      }
      this.#database.exec('PRAGMA incremental_vacuum');
    });
  }

  close(): void {
    this.#database.close();
  }

  #sizeBytes(): number {
    return z.object({ bytes: z.number() }).parse(this.#database.prepare(sizeOfAll).get()).bytes;
  }

  /** A full disk or a lock that is never let go costs time, not the inspection. */
  #quietly(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isSqliteError(error)) throw error;
    }
  }
}

const trimRounds = 64;
/** Bytes of rows; what SQLite needs around them is about a tenth more. */
const sizeOfAll = `
  SELECT (SELECT coalesce(sum(size_bytes), 0) FROM parts)
    + (SELECT coalesce(sum(length(answer) + length(profile) + length(path) + 48), 0) FROM verdicts)
    AS bytes`;
/** The eighth that was used the longest ago, at least one row. */
const deleteOldest = `
  DELETE FROM parts WHERE (digest, part, profile) IN (
    SELECT digest, part, profile FROM parts ORDER BY used
    LIMIT (SELECT count(*) / 8 + 1 FROM parts));
  DELETE FROM verdicts WHERE (sha256, size_bytes, profile, path) IN (
    SELECT sha256, size_bytes, profile, path FROM verdicts ORDER BY used
    LIMIT (SELECT count(*) / 8 + 1 FROM verdicts));
  DELETE FROM files WHERE identity IN (
    SELECT identity FROM files ORDER BY used LIMIT (SELECT count(*) / 8 + 1 FROM files));`;

/**
 * As git knows that a file is unchanged: device, inode, size and both times, of which no archive
 * can set the last (ctime). Undefined for what is no file with a name.
 */
function fileIdentity({ path, offset, sizeBytes }: FilePart): string | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (facts?.isFile() !== true || facts.nlink === 0n) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = facts;
  return [dev, ino, size, mtimeNs, ctimeNs, offset, sizeBytes].join(':');
}

function decodeBody(body: Uint8Array): unknown {
  try {
    const options = { maxOutputLength: limits.cachePartBytes };
    return parseJson(zstdDecompressSync(body, options).toString());
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  if (!isSqliteError(error) || !(error instanceof Error)) return false;
  return 'errcode' in error && (error.errcode === 11 || error.errcode === 26);
}
