/**
 * What analysis keeps between runs, in one SQLite file: facts of layers by verified digest, reader
 * and version; answers of scanners by content. Several processes and threads may use it at once.
 * It holds nothing that cannot be found again: a damaged or foreign file is set aside and begun
 * anew, and any row that cannot be read, or is not what was put there, counts as not there. Nothing
 * that goes wrong with the disk or the file is thrown: it is told as `warning`, and costs time.
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

/** Raised when what is kept takes another form. */
const format = 2;
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
  /** Digest of a part of a file of this machine, while the file is the one that was hashed. */
  getFileDigest(identity: string): string | undefined;
  putFileDigest(identity: string, digest: string): void;
  /** Throws out what was used the longest ago until the file has at most `maxBytes`. */
  trim(maxBytes: number): void;
  /** The first thing that kept it from giving or keeping all it was asked to, in words. */
  readonly warning: string | undefined;
  close(): void;
}

const verdictRow = z.object({
  state: z.literal('examined'),
  findings: z.array(z.custom<ScanAnswer['findings'][number]>((value) => typeof value === 'object')),
  signatures: z.string(),
});

/**
 * Opens the cache of a directory, which is made when it is missing. One that cannot be opened keeps
 * nothing and says why.
 */
export function openCache(directory: string): AnalysisCache {
  const path = join(directory, fileName);
  try {
    makeDirectory(directory, 0o700);
    try {
      return openFile(path);
    } catch (error) {
      if (!isDamaged(error) && !isForeign(error)) throw error;
      setAside(path);
      return openFile(path);
    }
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return new NoCache(`${path} cannot be opened: ${error.message}`);
  }
}

/** Another program's file, or a damaged one: kept for whoever wants to look at it. */
function setAside(path: string): void {
  renameSync(path, `${path}.damaged`);
  // They belong to the file that is gone, and would be taken for those of the next one.
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

function openFile(path: string): AnalysisCache {
  const database = new DatabaseSync(path, { timeout: cacheLimits.busyMs });
  try {
    const isOurs = readFormat(database) === format;
    // Heeded by a new file alone, and before anything is written.
    if (!isOurs) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    if (!isOurs) bringToForm(database);
    return new SqliteCache(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function readFormat(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

/** Of several who find a new file or one of another form, one does it. */
function bringToForm(database: DatabaseSync): void {
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
/** What is long comes last: to reach a column behind it, it would have to be read. */
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
  #keeps = true;
  readonly #selectPart: StatementSync;
  readonly #touchPart: StatementSync;
  readonly #insertPart: StatementSync;
  readonly #selectVerdict: StatementSync;
  readonly #insertVerdict: StatementSync;
  readonly #selectAny: StatementSync;
  readonly #selectFile: StatementSync;
  readonly #insertFile: StatementSync;

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
    // What is there can be read where nothing can be written.
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
    this.#write(() => this.#insertPart.run(...key, this.#now(), sealRow(key, body)));
  }

  get({ sha256, sizeBytes, profile, path }: VerdictKey): ScanAnswer | undefined {
    const key = [Buffer.from(sha256, 'hex'), sizeBytes, profile, path] as const;
    const row = this.#attempt(() => this.#selectVerdict.get(...key));
    const answer = openRow([sha256, sizeBytes, profile, path], row?.['answer']);
    if (answer === undefined) return undefined;
    const parsed = verdictRow.safeParse(parseJson(Buffer.from(answer).toString()));
    return parsed.success ? parsed.data : undefined;
  }

  put(
    { sha256, sizeBytes, profile, path }: VerdictKey,
    { state, findings, signatures }: ScanAnswer,
  ): void {
    const key = [Buffer.from(sha256, 'hex'), sizeBytes, profile, path] as const;
    const text = JSON.stringify({ state, findings, signatures });
    const answer = sealRow([sha256, sizeBytes, profile, path], Buffer.from(text));
    this.#write(() => this.#insertVerdict.run(...key, this.#now(), answer));
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
    this.#write(() => trimDatabase(this.#database, maxBytes));
  }

  close(): void {
    this.#attempt(() => this.#database.close());
    if (!this.#isDamaged) return;
    // Unless somebody else has done so and begun anew.
    const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (found?.ino === this.#inode) this.#attempt(() => setAside(this.#path));
  }

  /** Order of use: openings, and what each of them did. No clock, which may be set back. */
  #now(): number {
    this.#writes = Math.min(this.#writes + 1, usesPerRun - 1);
    return this.#run * usesPerRun + this.#writes;
  }

  /** After the first that fails no other is tried: each might wait for a lock held for good. */
  #write(action: () => unknown): void {
    if (!this.#keeps) return;
    const isDone = this.#attempt(() => {
      action();
      return true;
    });
    this.#keeps = isDone === true;
  }

  /** A full disk, a lock that is never let go or a damaged page costs time, not the inspection. */
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

const usesPerRun = 1_000_000;

/** In place of a cache that cannot be opened. */
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
  trim(): void {}
  close(): void {}
}

/** Undefined for what has no room in one string. */
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

/** What a disk, a file or other processes may do, as against a mistake of ours. */
function isStorageError(error: unknown): error is Error {
  const isSystemError = error instanceof Error && 'syscall' in error;
  return isSystemError || sqliteCode(error) !== undefined;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  return [11, 26].includes(sqliteCode(error) ?? 0);
}

/** SQLITE_ERROR: a database that lacks what ours has. */
function isForeign(error: unknown): boolean {
  return sqliteCode(error) === 1;
}

/** The primary one of SQLite's result codes. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}
