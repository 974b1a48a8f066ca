/**
 * Contents of files of images, read again from the sources of the images. Reading a layer takes
 * seconds or minutes, so few are read at a time, concurrent requests for one content share a read,
 * and the last ones are cached for a while in unlinked files.
 */
import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { ContentError, extractContent, type SharedRates } from '@lazaret/analysis';
import { SourceError } from '@lazaret/oci';
import { asProblem, limits, Problem } from '@lazaret/protocol';

import type { BlobStore } from '../blobs/index.ts';
import { allowWatched, checkReference } from './check-reference.ts';
import type { ReadablePlace } from './readable-places.ts';
import { archiveOpener, describeSource, type SourceSettings } from './source-settings.ts';
import { fileLimits } from './file-limits.ts';

/** A content whose SHA-256 was verified, until it is closed. */
export interface ReadContent {
  readonly sizeBytes: number;
  readonly place: ReadablePlace;
  /** The reference from which it was read. */
  readonly reference: string;
  open(range?: { readonly start: number; readonly end: number }): Readable;
  close(): void;
}

export interface FileReader {
  /** Throws source_unavailable, payload_too_large, too_many_requests. */
  read(places: readonly ReadablePlace[], signal: AbortSignal): Promise<ReadContent>;
  close(): Promise<void>;
}

export interface FileReaderOptions extends SourceSettings {
  readonly blobs: BlobStore;
  readonly sharedRates: SharedRates;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface KeptContent {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly place: ReadablePlace;
  readonly reference: string;
  readonly atMs: number;
  users: number;
  isDropped: boolean;
}

interface PendingRead {
  readonly content: Promise<KeptContent>;
  readonly abandoned: AbortController;
  waiting: number;
}

export function createFileReader(options: FileReaderOptions): FileReader {
  return new Reader(options);
}

class Reader implements FileReader {
  readonly #options: FileReaderOptions;
  readonly #kept = new Map<string, KeptContent>();
  readonly #pending = new Map<string, PendingRead>();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(options: FileReaderOptions) {
    this.#options = options;
  }

  async read(places: readonly ReadablePlace[], signal: AbortSignal): Promise<ReadContent> {
    const [first] = places;
    if (first === undefined) throw new Error('a content is read from at least one place');
    const { sha256 } = first.wanted;
    this.#dropOld();
    return this.#use(this.#kept.get(sha256) ?? (await this.#await(sha256, places, signal)));
  }

  close(): Promise<void> {
    for (const [sha256, pending] of this.#pending) this.#abandon(sha256, pending);
    for (const sha256 of this.#kept.keys()) this.#drop(sha256);
    return Promise.resolve();
  }

  /** Joins a read of the same content; it is aborted when the last caller leaves. */
  async #await(
    sha256: string,
    places: readonly ReadablePlace[],
    signal: AbortSignal,
  ): Promise<KeptContent> {
    const pending = this.#pending.get(sha256) ?? this.#begin(sha256, places);
    pending.waiting += 1;
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await Promise.race([pending.content, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      pending.waiting -= 1;
      if (pending.waiting === 0) this.#abandon(sha256, pending);
    }
  }

  /** Aborts a read without waiting callers; safe for one that has ended. */
  #abandon(sha256: string, pending: PendingRead): void {
    if (this.#pending.get(sha256) === pending) this.#pending.delete(sha256);
    pending.abandoned.abort(new Error('no caller waits for the file any more'));
  }

  #begin(sha256: string, places: readonly ReadablePlace[]): PendingRead {
    const abandoned = new AbortController();
    const content = this.#inTurn(() => this.#readFirst(places, abandoned.signal));
    const pending = { content, abandoned, waiting: 0 };
    this.#pending.set(sha256, pending);
    void content
      .then((kept) => {
        // An abandoned read may end after a newer one.
        this.#drop(sha256);
        this.#kept.set(sha256, kept);
      })
      .catch(() => undefined)
      .finally(() => {
        if (this.#pending.get(sha256) === pending) this.#pending.delete(sha256);
      });
    return pending;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#reading >= fileLimits.readsAtOnce) {
      if (this.#waiting.length >= fileLimits.readsWaiting) {
        throw new Problem(
          'too_many_requests',
          `${fileLimits.readsAtOnce} files are being read from images and ` +
            `${fileLimits.readsWaiting} more are waiting; try again in a minute`,
          { headers: { 'retry-after': '60' } },
        );
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#reading += 1;
    try {
      return await work();
    } finally {
      this.#reading -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The first source that still provides it. */
  async #readFirst(places: readonly ReadablePlace[], signal: AbortSignal): Promise<KeptContent> {
    const reasons: string[] = [];
    for (const place of places) {
      for (const reference of place.references.slice(0, fileLimits.sourcesTried)) {
        try {
          return await this.#readFrom(place, reference, signal);
        } catch (error) {
          signal.throwIfAborted();
          reasons.push(`${reference}: ${reasonOf(error)}`);
        }
      }
    }
    const detail =
      reasons.length === 0 ? 'no inspection of its images is known' : reasons.join('; ');
    throw new Problem('source_unavailable', detail);
  }

  async #readFrom(
    place: ReadablePlace,
    reference: string,
    signal: AbortSignal,
  ): Promise<KeptContent> {
    const { sizeBytes } = place.wanted;
    if (sizeBytes > limits.uploadBytes) {
      throw new Problem(
        'payload_too_large',
        `the file has ${sizeBytes} bytes; files of images are read up to ${limits.uploadBytes}`,
      );
    }
    const { settings, blobs, sharedRates, now, spoolDirectory, findRegistry } = this.#options;
    // The policy is checked again, since settings change.
    const { project } = place;
    const watched = await findRegistry(project, reference);
    const policy = watched === undefined ? settings : allowWatched(settings, reference);
    const checked = checkReference(reference, policy);
    const source = await describeSource({ reference: checked, project }, this.#options);
    const name = join(spoolDirectory, `.lazaret-file-${randomBytes(12).toString('hex')}`);
    const handle = await open(name, 'wx+', 0o600);
    try {
      await unlink(name);
      const output = `/proc/${process.pid}/fd/${handle.fd}`;
      const openArchive = archiveOpener(reference, blobs);
      const hooks = { now, signal, sharedRates, openArchive };
      const request = { source, place: place.place, output, timeMs: fileLimits.readMs };
      const { wanted, container } = place;
      await extractContent({ ...request, content: { wanted, container } }, hooks);
      return { handle, sizeBytes, place, reference, atMs: now(), users: 0, isDropped: false };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #use(kept: KeptContent): ReadContent {
    kept.users += 1;
    let isOpen = true;
    const { handle, sizeBytes, place, reference } = kept;
    return {
      ...{ sizeBytes, place, reference },
      open: (range) => Readable.from(readRange(handle, { start: 0, end: sizeBytes - 1, ...range })),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        kept.users -= 1;
        if (kept.isDropped && kept.users === 0) void handle.close();
      },
    };
  }

  #dropOld(): void {
    const oldestMs = this.#options.now() - fileLimits.cachedMs;
    let bytes = 0;
    // The newest are last.
    for (const [at, [sha256, kept]] of [...this.#kept].toReversed().entries()) {
      bytes += kept.sizeBytes;
      const isTooMuch = at >= fileLimits.cachedReads || bytes > fileLimits.cachedBytes;
      if (isTooMuch || kept.atMs < oldestMs) this.#drop(sha256);
    }
  }

  #drop(sha256: string): void {
    const kept = this.#kept.get(sha256);
    if (kept === undefined) return;
    this.#kept.delete(sha256);
    kept.isDropped = true;
    if (kept.users === 0) void kept.handle.close();
  }
}

const chunkBytes = 256 * 1024;

/** A stream of the handle itself would close it for other readers too. */
async function* readRange(
  handle: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Buffer> {
  for (let at = start; at <= end;) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end + 1 - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('a file that was read from an image ended early');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SourceError || error instanceof ContentError) return error.message;
  const problem = asProblem(error);
  if (problem === undefined || problem.code === 'payload_too_large') throw error;
  return problem.message;
}
