/**
 * Blobs in a directory of the local file system:
 *
 *   ab/cd/abcd... unencrypted content
 *   ab/cd/abcd....sealed     content encrypted with the configured key (sealing.ts)
 *   temporary/...            being written
 *   key-name                 identifies the key of the encrypted ones
 *
 * Writing: temporary file, hash and cap while reading, fsync, rename, fsync of the directories.
 * A key that is configured later counts for what is put from then on, also again.
 * Within this process, the last step of a put and a delete of the same content exclude each other;
 * between processes `unmodifiedSince` must leave enough time for a put to end.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Problem } from '@lazaret/protocol';
import type {
  BlobRange,
  BlobStat,
  BlobStore,
  DeleteOptions,
  ListOptions,
  PutOptions,
  PutResult,
} from './blob-store.ts';
import { blobLimits } from './limits.ts';
import { type BlobFile, damaged, streamBlob } from './read-blob.ts';
import { contentSizeBytes, keyName, seal, sealKeyBytes } from './sealing.ts';

export interface FileBlobStoreOptions {
  /** Created with mode 0700 when missing. */
  readonly directory: string;
  /** 32 bytes: new content is encrypted. */
  readonly key?: Uint8Array | undefined;
  /** Milliseconds since 1970, for the age of leftovers. */
  readonly now?: () => number;
}

const temporaryName = 'temporary';
const keyFileName = 'key-name';
const sealedSuffix = '.sealed';
const batchBytes: number = 4 * blobLimits.frameBytes;
const namePattern = /^[0-9a-f]{64}$/;
const fanOutPattern = /^[0-9a-f]{2}$/;

/**
 * Opens the store and removes old leftovers of crashed writers. Throws the problem
 * `blob_key_mismatch` when the content was encrypted with another key.
 */
export async function openFileBlobStore(options: FileBlobStoreOptions): Promise<BlobStore> {
  const { directory, key, now = Date.now } = options;
  if (key !== undefined && key.length !== sealKeyBytes) {
    throw new Problem(
      'invalid_configuration',
      `The key of the blob store must have ${sealKeyBytes} bytes; it has ${key.length}.`,
    );
  }
  await mkdir(join(directory, temporaryName), { recursive: true, mode: 0o700 });
  await checkKey(directory, key);
  await sweepTemporary(join(directory, temporaryName), now() - blobLimits.temporaryMs);
  const place: Place = { directory, key, inTurn: takeTurns() };
  return {
    put: (content, putOptions) => put(place, content, putOptions),
    has: async (sha256) => (await findFile(place, sha256)) !== undefined,
    stat: async (sha256) => describe(sha256, await findFile(place, sha256)),
    open: async (sha256, range) => openStream(place, sha256, range),
    verify: async (sha256) => {
      const stream = await openStream(place, sha256, undefined);
      // Reading to the end verifies it.
      await finished(stream.resume());
    },
    delete: (sha256, deleteOptions) => remove(place, sha256, deleteOptions),
    list: (listOptions) => list(place, listOptions),
  };
}

interface Place {
  readonly directory: string;
  readonly key: Uint8Array | undefined;
  readonly inTurn: InTurn;
}

/** The first key stores its name, so that another one is detected at the start. */
async function checkKey(directory: string, key: Uint8Array | undefined): Promise<void> {
  const path = join(directory, keyFileName);
  const noted = (await ifExists(readFile(path, 'utf8')))?.trim();
  const given = key === undefined ? undefined : keyName(key).toString('hex');
  if (noted === given) return;
  if (noted !== undefined) {
    throw new Problem(
      'blob_key_mismatch',
      `The content in ${directory} was encrypted with the key named ${noted}; ` +
        (given === undefined
          ? 'no key is configured.'
          : `the configured key has the name ${given}.`),
    );
  }
  const temporary = join(directory, temporaryName, randomUUID());
  const file = await open(temporary, 'wx', 0o600);
  await file.writeFile(`${given}\n`);
  await file.sync();
  await file.close();
  await rename(temporary, path);
  await syncDirectory(directory);
}

async function sweepTemporary(directory: string, olderThanMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await ifExists(stat(path));
    if (found !== undefined && found.mtimeMs < olderThanMs) await rm(path, { force: true });
  }
}

async function put(
  place: Place,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<PutResult> {
  const temporary = join(place.directory, temporaryName, randomUUID());
  try {
    const written = await writeTemporary(place, temporary, bounded(content, options.maxBytes));
    const expected = options.expectedSha256;
    if (expected !== undefined && expected !== written.sha256) {
      throw new Problem(
        'checksum_mismatch',
        `Expected content with the SHA-256 ${expected}, got ${written.sha256}.`,
      );
    }
    const created = await place.inTurn(written.sha256, () => settle(place, temporary, written));
    return { ...written, created };
  } catch (error) {
    await rm(temporary, { force: true });
    throw isDiskFull(error)
      ? new Problem('storage_full', `No space left for the content in ${place.directory}.`, {
          cause: error,
        })
      : error;
  }
}

interface Written {
  readonly sha256: string;
  readonly sizeBytes: number;
}

async function* bounded(content: AsyncIterable<Uint8Array>, maxBytes: number) {
  let sizeBytes = 0;
  // A stream is left to its owner, which may respond over the same connection.
  const chunks: AsyncIterable<Uint8Array> =
    content instanceof Readable ? content.iterator({ destroyOnReturn: false }) : content;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new Problem('payload_too_large', `The content is larger than ${maxBytes} bytes.`);
    }
    yield chunk;
  }
}

async function writeTemporary(
  place: Place,
  path: string,
  content: AsyncIterable<Uint8Array>,
): Promise<Written> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  const file = await open(path, 'wx', 0o600);
  try {
    await writeAll(file, place.key === undefined ? hashed() : seal(hashed(), place.key));
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Small chunks are joined: a separate write for each costs more than the copy. */
async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let batch: Uint8Array[] = [];
  let gatheredBytes = 0;
  for await (const chunk of chunks) {
    batch.push(chunk);
    gatheredBytes += chunk.length;
    if (gatheredBytes < batchBytes) continue;
    await file.writeFile(Buffer.concat(batch));
    batch = [];
    gatheredBytes = 0;
  }
  await file.writeFile(Buffer.concat(batch));
}

/** Renames the temporary file, or removes it when the content already exists. */
async function settle(place: Place, temporary: string, written: Written): Promise<boolean> {
  const found = await findFile(place, written.sha256);
  const sealed = place.key !== undefined;
  // A file of another size is damaged and is replaced by the new one, like an unencrypted
  // one by an encrypted one.
  if (found?.sizeBytes === written.sizeBytes && found.sealed === sealed) {
    const moment = new Date((await stat(temporary)).mtimeMs);
    await utimes(found.path, moment, moment);
    await rm(temporary);
    return false;
  }
  const path = filePath(place, written.sha256, sealed);
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rename(temporary, path);
  if (found !== undefined && found.path !== path) await rm(found.path, { force: true });
  await syncDirectory(dirname(path));
  if (made !== undefined) {
    await syncDirectory(dirname(dirname(path)));
    await syncDirectory(place.directory);
  }
  return found === undefined;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function filePath({ directory }: Place, sha256: string, sealed: boolean): string {
  if (!namePattern.test(sha256)) throw new Error(`not a SHA-256: ${sha256}`);
  const name = sealed ? `${sha256}${sealedSuffix}` : sha256;
  return join(directory, sha256.slice(0, 2), sha256.slice(2, 4), name);
}

interface FoundFile {
  readonly path: string;
  readonly sealed: boolean;
  /** Of the content; -1 when the file has an invalid size. */
  readonly sizeBytes: number;
  readonly stats: Stats;
}

async function findFile(place: Place, sha256: string): Promise<FoundFile | undefined> {
  for (const sealed of [true, false]) {
    const path = filePath(place, sha256, sealed);
    const stats = await ifExists(stat(path));
    if (stats === undefined) continue;
    const sizeBytes = sealed ? (contentSizeBytes(stats.size) ?? -1) : stats.size;
    return { path, sealed, sizeBytes, stats };
  }
  return undefined;
}

function describe(sha256: string, found: FoundFile | undefined): BlobStat | undefined {
  if (found === undefined) return undefined;
  return { sha256, sizeBytes: Math.max(0, found.sizeBytes), modifiedAt: found.stats.mtime };
}

async function openStream(place: Place, sha256: string, range: BlobRange | undefined) {
  const found = await findFile(place, sha256);
  const file = found === undefined ? undefined : await ifExists(open(found.path, 'r'));
  if (found === undefined || file === undefined) {
    throw new Problem('not_found', `There is no content with the SHA-256 ${sha256}.`);
  }
  const { sizeBytes, sealed } = found;
  try {
    if (sizeBytes < 0) throw damaged(sha256, 'it ends early');
    const blob: BlobFile = { file, sha256, sizeBytes, sealed };
    return await streamBlob(blob, resolveRange(range, sizeBytes), place.key);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function resolveRange(range: BlobRange | undefined, sizeBytes: number) {
  if (range === undefined) return { start: 0, end: sizeBytes - 1 };
  const { start, end = sizeBytes - 1 } = range;
  const fits = Number.isInteger(start) && Number.isInteger(end);
  if (!fits || start < 0 || start > end || end >= sizeBytes) {
    throw new Problem(
      'range_not_satisfiable',
      `Expected a range inside ${sizeBytes} bytes, got ${start} to ${end}.`,
    );
  }
  return { start, end };
}

function remove(place: Place, sha256: string, options: DeleteOptions = {}): Promise<boolean> {
  return place.inTurn(sha256, async () => {
    const { unmodifiedSince } = options;
    let removed = false;
    // A damaged file may exist next to its replacement in the other form.
    for (let found = await findFile(place, sha256); found !== undefined;) {
      if (unmodifiedSince !== undefined && found.stats.mtime > unmodifiedSince) break;
      await rm(found.path, { force: true });
      removed = true;
      found = await findFile(place, sha256);
    }
    return removed;
  });
}

async function* list(place: Place, { after = '' }: ListOptions = {}): AsyncGenerator<BlobStat> {
  for (const first of await readFanOut(place.directory)) {
    if (first < after.slice(0, 2)) continue;
    for (const second of await readFanOut(join(place.directory, first))) {
      if (`${first}${second}` < after.slice(0, 4)) continue;
      const names = (await ifExists(readdir(join(place.directory, first, second)))) ?? [];
      const found = new Set(names.map((name) => name.replace(sealedSuffix, '')));
      for (const sha256 of [...found].toSorted()) {
        if (!namePattern.test(sha256) || sha256 <= after) continue;
        const described = describe(sha256, await findFile(place, sha256));
        if (described !== undefined) yield described;
      }
    }
  }
}

async function readFanOut(directory: string): Promise<string[]> {
  const names = (await ifExists(readdir(directory))) ?? [];
  return names.filter((name) => fanOutPattern.test(name)).toSorted();
}

async function ifExists<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error)) return false;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}

type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Tasks with the same name run one after the other; finished ones are removed. */
function takeTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
