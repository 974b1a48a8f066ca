/**
 * The cache between runs, in one SQLite file: facts of layers by verified digest, reader and
 * version; scan results by content. Several processes and threads may use it concurrently.
 * Everything in it can be recomputed: a corrupt file or one of another program is moved aside and
 * replaced, and unreadable or corrupt rows count as missing. Disk and file errors are not thrown:
 * they are reported as `warning` and only cost time.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { z } from 'zod';

import type { ScanAnswer } from '../scan/scanner.ts';
import { cacheLimits } from './limits.ts';
import type { VerdictKey, VerdictStore } from './verdict-store.ts';
import { makeDirectory } from './make-directory.ts';
import { openRow, sealRow } from './sealed-row.ts';
import { trimDatabase } from './trim-database.ts';

/** Schema version, increased when the stored format changes. */
const format = 2;
const fileName = 'analysis.db';

export interface PartKey {
  /** Digest of the stored bytes of the layer, verified by the writer. */
  readonly digest: string;
  /** `files`, `reader:dpkg`, `scanner:clamav`. */
  readonly part: string;
  /** Everything else that the part depends on: versions, configuration, limits. */
  readonly profile: string;
}

export interface AnalysisCache extends VerdictStore {
  getPart(key: PartKey): unknown;
  putPart(key: PartKey, value: unknown): void;
  /** Whether any part of a layer is cached. */
  hasParts(digest: string): boolean;
  /** Digest of a range of a local file, while the file is unchanged. */
  getFileDigest(identity: string): string | undefined;
  putFileDigest(identity: string, digest: string): void;
  /** Writes verdicts that wait: a thread that is ended later has nothing to lose then. */
  flush(): void;
  /** Evicts the least recently used entries until the file has at most `maxBytes`. */
  trim(maxBytes: number): void;
  /** The first error that prevented a read or write, as a message. */
  readonly warning: string | undefined;
  close(): void;
}

const verdictRow = z.object({
  state: z.literal('examined'),
  findings: z.array(z.custom<ScanAnswer['findings'][number]>((value) => typeof value === 'object')),
  signatures: z.string(),
});

/**
 * Opens the cache in a directory, which is created when missing. A cache that cannot be opened
 * stores nothing and reports why.
 */
export function openCache(directory: string): AnalysisCache {
  const path = join(directory, fileName);
  try {
    makeDirectory(directory, 0o700);
    try {
      return openFile(path);
    } catch (error) {
      if (!isDamaged(error) && !isOtherProgram(error)) throw error;
      moveAside(path);
      return openFile(path);
    }
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return new NoCache(`${path} cannot be opened: ${error.message}`);
  }
}

/** Renames a corrupt file or one of another program, so that it can be inspected later. */
function moveAside(path: string): void {
  renameSync(path, `${path}.damaged`);
  // These belong to the renamed file and would be mistaken for those of the new one.
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

function openFile(path: string): AnalysisCache {
  const database = new DatabaseSync(path, { timeout: cacheLimits.busyMs });
  try {
    const isOurs = readFormat(database) === format;
    // Only effective for a new file, before anything is written.
    if (!isOurs) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    if (!isOurs) migrateSchema(database);
    return new SqliteCache(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function readFormat(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

/** Creates or replaces the schema; safe when several processes do so at once. */
function migrateSchema(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  const isDone = readFormat(database) === format;
  if (!isDone) database.exec(`${dropAll} ${createAll} PRAGMA user_version = ${format};`);
  database.exec('COMMIT');
  const vacuum = database.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'];
  if (!isDone && vacuum !== incrementalVacuum) database.exec('VACUUM');
}

const incrementalVacuum = 2;
const dropAll =
  'DROP TABLE IF EXISTS parts; DROP TABLE IF EXISTS verdicts; DROP TABLE IF EXISTS files;' +
  'DROP TABLE IF EXISTS counter;';
/** Large columns come last: SQLite would have to read through them to reach later ones. */
const createAll = `
  CREATE TABLE parts (
    digest TEXT NOT NULL, part TEXT NOT NULL, profile TEXT NOT NULL,
    used INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (digest, part, profile)) WITHOUT ROWID;
  CREATE TABLE verdicts (
    sha256 BLOB NOT NULL, size_bytes INTEGER NOT NULL, profile TEXT NOT NULL, path TEXT NOT NULL,
    used INTEGER NOT NULL, answer BLOB NOT NULL,
    PRIMARY KEY (sha256, size_bytes, profile, path)) WITHOUT ROWID;
  CREATE TABLE files (
    identity TEXT PRIMARY KEY, used INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), runs INTEGER NOT NULL);
  INSERT INTO counter VALUES (1, 0);
`;

class SqliteCache implements AnalysisCache {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #inode: bigint;
  readonly #run: number;
  #writes = 0;
  #warning: string | undefined;
  #isDamaged = false;
  #canWrite = true;
  readonly #selectPart: StatementSync;
  readonly #touchPart: StatementSync;
  readonly #insertPart: StatementSync;
  readonly #selectVerdict: StatementSync;
  readonly #insertVerdict: StatementSync;
  readonly #selectAny: StatementSync;
  readonly #selectFile: StatementSync;
  readonly #insertFile: StatementSync;
  /**
   * Verdicts that are not written yet, by their keys. Each alone would be a transaction, for which
   * the threads of an inspection wait on each other; a process that is killed loses a few.
   */
  readonly #pending = new Map<string, { readonly row: VerdictRow; readonly text: string }>();

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#inode = statSync(path, { bigint: true }).ino;
    const ofPart = 'digest = ? AND part = ? AND profile = ?';
    this.#selectPart = database.prepare(`SELECT body FROM parts WHERE ${ofPart}`);
    this.#touchPart = database.prepare(`UPDATE parts SET used = ? WHERE ${ofPart}`);
    this.#insertPart = database.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)');
    this.#selectVerdict = database.prepare(
      'SELECT answer FROM verdicts WHERE sha256 = ? AND size_bytes = ? AND profile = ? AND path = ?',
    );
    this.#insertVerdict = database.prepare(
      'INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#selectAny = database.prepare('SELECT 1 FROM parts WHERE digest = ? LIMIT 1');
    this.#selectFile = database.prepare('SELECT digest FROM files WHERE identity = ?');
    this.#insertFile = database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?)');
    const count = database.prepare('UPDATE counter SET runs = runs + 1');
    const counted = database.prepare('SELECT runs FROM counter');
    // A read-only cache can still be read.
    this.#write(() => count.run());
    const runs = this.#attempt(() => counted.get()?.['runs']);
    this.#run = typeof runs === 'number' ? runs : 0;
  }

  get warning(): string | undefined {
    return this.#warning;
  }

  getPart({ digest, part, profile }: PartKey): unknown {
    const key = [digest, part, profile] as const;
    const row = this.#attempt(() => this.#selectPart.get(...key));
    const body = openRow(key, row?.['body']);
    const value = body === undefined ? undefined : decodeBody(body);
    if (value !== undefined) this.#write(() => this.#touchPart.run(this.#now(), ...key));
    return value;
  }

  putPart({ digest, part, profile }: PartKey, value: unknown): void {
    const key = [digest, part, profile] as const;
    const body = encodeBody(value);
    if (body === undefined) return;
    this.flush();
    this.#write(() => this.#insertPart.run(...key, this.#now(), sealRow(key, body)));
  }

  get({ sha256, sizeBytes, profile, path }: VerdictKey): ScanAnswer | undefined {
    const name = [sha256, sizeBytes, profile, path] as const;
    const text = this.#pending.get(name.join('\0'))?.text ?? this.#readVerdict(name);
    if (text === undefined) return undefined;
    const parsed = verdictRow.safeParse(parseJson(text));
    return parsed.success ? parsed.data : undefined;
  }

  #readVerdict(name: readonly [string, number, string, string]): string | undefined {
    const [sha256, ...others] = name;
    const row = this.#attempt(() => this.#selectVerdict.get(Buffer.from(sha256, 'hex'), ...others));
    const answer = openRow(name, row?.['answer']);
    return answer === undefined ? undefined : Buffer.from(answer).toString();
  }

  put(
    { sha256, sizeBytes, profile, path }: VerdictKey,
    { state, findings, signatures }: ScanAnswer,
  ): void {
    const name = [sha256, sizeBytes, profile, path] as const;
    const text = JSON.stringify({ state, findings, signatures });
    const answer = sealRow(name, Buffer.from(text));
    const key = [Buffer.from(sha256, 'hex'), sizeBytes, profile, path] as const;
    this.#pending.set(name.join('\0'), { row: [...key, this.#now(), answer], text });
    if (this.#pending.size >= cacheLimits.verdictsPerWrite) this.flush();
  }

  /** In one transaction. */
  flush(): void {
    if (this.#pending.size === 0) return;
    const rows = [...this.#pending.values()].map(({ row }) => row);
    this.#pending.clear();
    const database = this.#database;
    this.#write(() => {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const row of rows) this.#insertVerdict.run(...row);
        database.exec('COMMIT');
      } finally {
        if (database.isTransaction) database.exec('ROLLBACK');
      }
    });
  }

  hasParts(digest: string): boolean {
    return this.#attempt(() => this.#selectAny.get(digest)) !== undefined;
  }

  getFileDigest(identity: string): string | undefined {
    const row = this.#attempt(() => this.#selectFile.get(identity));
    const digest = openRow([identity], row?.['digest']);
    return digest === undefined ? undefined : Buffer.from(digest).toString();
  }

  putFileDigest(identity: string, digest: string): void {
    const sealed = sealRow([identity], Buffer.from(digest));
    this.#write(() => this.#insertFile.run(identity, this.#now(), sealed));
  }

  trim(maxBytes: number): void {
    this.flush();
    this.#write(() => trimDatabase(this.#database, maxBytes));
  }

  close(): void {
    this.flush();
    this.#attempt(() => this.#database.close());
    if (!this.#isDamaged) return;
    // Unless another process has already replaced it.
    const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (found?.ino === this.#inode) this.#attempt(() => moveAside(this.#path));
  }

  /**
   * Logical time of use: number of openings and of writes. Not the clock, which may be set back.
   */
  #now(): number {
    this.#writes = Math.min(this.#writes + 1, usesPerRun - 1);
    return this.#run * usesPerRun + this.#writes;
  }

  /**
   * Writing stops after the first failure: each attempt might wait for a lock that is never
   * released.
   */
  #write(action: () => unknown): void {
    if (!this.#canWrite) return;
    const isDone = this.#attempt(() => {
      action();
      return true;
    });
    this.#canWrite = isDone === true;
  }

  /** A full disk, a stuck lock or a corrupt page costs time, but does not fail the inspection. */
  #attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#isDamaged ||= isDamaged(error);
      this.#warning ??= `${this.#path}: ${error.message}`;
      return undefined;
    }
  }
}

/** The columns of the table. */
type VerdictRow = readonly [Uint8Array, number, string, string, number, Uint8Array];

const usesPerRun = 1_000_000;

/** Used instead of a cache that cannot be opened. */
class NoCache implements AnalysisCache {
  readonly warning: string;

  constructor(warning: string) {
    this.warning = warning;
  }

  hasParts(): boolean {
    return false;
  }

  getPart(): undefined {}
  putPart(): void {}
  get(): undefined {}
  put(): void {}
  getFileDigest(): undefined {}
  putFileDigest(): void {}
  flush(): void {}
  trim(): void {}
  close(): void {}
}

/** Undefined when the value is too large for one string. */
function encodeBody(value: unknown): Uint8Array | undefined {
  try {
    return zstdCompressSync(JSON.stringify(value));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decodeBody(body: Uint8Array): unknown {
  try {
    const options = { maxOutputLength: cacheLimits.partBytes };
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

/** Whether an error comes from the disk, the file or another process, and not from a bug. */
function isStorageError(error: unknown): error is Error {
  const isSystemError = error instanceof Error && 'syscall' in error;
  return isSystemError || sqliteCode(error) !== undefined;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  return [11, 26].includes(sqliteCode(error) ?? 0);
}

/** SQLITE_ERROR: a database without the expected tables. */
function isOtherProgram(error: unknown): boolean {
  return sqliteCode(error) === 1;
}

/** The primary result code of SQLite. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}
