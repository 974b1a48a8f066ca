/** Behaviour of every blob store, run with each implementation. */
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { Problem } from '@lazaret/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStat, BlobStore } from './blob-store.ts';
import { blobLimits } from './limits.ts';

export interface BlobStoreSetup {
  readonly store: BlobStore;
  /** Changes one byte of the stored content at the offset, in the middle unless given. */
  damage(sha256: string, place?: number): Promise<void>;
  /** Truncates the stored content. */
  truncate(sha256: string, bytes: number): Promise<void>;
  /** Number of files or parts of unfinished uploads. */
  countLeftovers(): Promise<number>;
  close(): Promise<void>;
}

const frame: number = blobLimits.frameBytes;
/** Around the boundaries of frames and of reads. */
const sizes = [0, 1, frame - 1, frame, frame + 1, 2 * frame, 5 * frame + 7, 9 * frame];

export function describeBlobStore(name: string, setUp: () => Promise<BlobStoreSetup>): void {
  describe(name, () => {
    let setup: BlobStoreSetup;
    let store: BlobStore;

    beforeEach(async () => {
      setup = await setUp();
      store = setup.store;
    });

    afterEach(async () => {
      expect(await setup.countLeftovers()).toBe(0);
      await setup.close();
    });

    const keep = (bytes: Uint8Array) => store.put(inChunks(bytes), { maxBytes: bytes.length });
    const read = async (sha256: string, range?: { start: number; end?: number }) =>
      collect(await store.open(sha256, range));

    test.for(sizes)('stores %i bytes and returns them', async (size) => {
      const bytes = randomBytes(size);
      const sha256 = hash(bytes);
      expect(await keep(bytes)).toEqual({ sha256, sizeBytes: size, created: true });
      expect(await store.has(sha256)).toBe(true);
      expect(await store.stat(sha256)).toMatchObject({ sha256, sizeBytes: size });
      expect((await read(sha256)).equals(bytes)).toBe(true);
      await store.verify(sha256);
    });

    test('missing content is not found', async () => {
      const sha256 = hash(Buffer.from('absent'));
      expect(await store.has(sha256)).toBe(false);
      expect(await store.stat(sha256)).toBeUndefined();
      expect(await store.delete(sha256)).toBe(false);
      expect(await problem(store.open(sha256))).toBe('not_found');
      expect(await problem(store.verify(sha256))).toBe('not_found');
      await expect(store.open('../../etc/passwd')).rejects.toThrow('not a SHA-256');
    });

    test('ranges include both of their ends', async () => {
      const bytes = randomBytes(3 * frame + 5);
      const { sha256 } = await keep(bytes);
      const last = bytes.length - 1;
      const ranges = [
        [0, 0],
        [0, last],
        [last, last],
        [frame - 1, frame],
        [frame, 2 * frame - 1],
        [17, 3 * frame + 1],
      ] as const;
      for (const [start, end] of ranges) {
        expect((await read(sha256, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(
          true,
        );
      }
      expect((await read(sha256, { start: 5 })).equals(bytes.subarray(5))).toBe(true);
    });

    test('a range outside of the content is refused', async () => {
      const { sha256 } = await keep(randomBytes(10));
      const empty = await keep(Buffer.alloc(0));
      const wrong = [{ start: 10 }, { start: 0, end: 10 }, { start: 3, end: 2 }, { start: -1 }];
      for (const range of [...wrong, { start: 0.5 }]) {
        expect(await problem(store.open(sha256, range))).toBe('range_not_satisfiable');
      }
      expect(await problem(store.open(empty.sha256, { start: 0 }))).toBe('range_not_satisfiable');
    });

    test('the same content is stored once', async () => {
      const bytes = randomBytes(frame + 1);
      expect((await keep(bytes)).created).toBe(true);
      expect((await keep(bytes)).created).toBe(false);
      expect(await all(store)).toHaveLength(1);
    });

    test('the same content, put many times concurrently, is stored once and readable', async () => {
      const bytes = randomBytes(2 * frame);
      const results = await Promise.all(Array.from({ length: 12 }, () => keep(bytes)));
      expect(results.filter(({ created }) => created)).toHaveLength(1);
      expect((await read(hash(bytes))).equals(bytes)).toBe(true);
      expect(await all(store)).toHaveLength(1);
    });

    test('content above the limit is refused during the upload, and nothing is stored', async () => {
      let produced = 0;
      const endless = async function* () {
        for (;;) {
          produced += 1;
          yield Buffer.alloc(1000);
        }
      };
      expect(await problem(store.put(endless(), { maxBytes: 10_000 }))).toBe('payload_too_large');
      expect(produced).toBe(11);
      expect(await all(store)).toEqual([]);
    });

    test('a stream above the limit is left to its owner', async () => {
      const stream = new PassThrough();
      stream.write(Buffer.alloc(20));
      expect(await problem(store.put(stream, { maxBytes: 10 }))).toBe('payload_too_large');
      expect(stream.destroyed).toBe(false);
      stream.destroy();
    });

    test('an interrupted stream leaves no file', async () => {
      const broken = async function* () {
        yield randomBytes(2 * frame);
        throw new Error('the connection was interrupted');
      };
      const put = store.put(broken(), { maxBytes: 10 * frame });
      await expect(put).rejects.toThrow('was interrupted');
      const stream = new PassThrough();
      stream.write(randomBytes(frame));
      const cut = store.put(stream, { maxBytes: 10 * frame });
      setImmediate(() => stream.destroy());
      await expect(cut).rejects.toThrow();
      expect(await all(store)).toEqual([]);
    });

    test('another digest than the expected one is refused', async () => {
      const bytes = randomBytes(100);
      const options = { maxBytes: 100, expectedSha256: hash(bytes) };
      const wrong = store.put(inChunks(randomBytes(100)), options);
      expect(await problem(wrong)).toBe('checksum_mismatch');
      expect(await all(store)).toEqual([]);
      expect((await store.put(inChunks(bytes), options)).created).toBe(true);
    });

    test.for([0, frame, 2 * frame + 9])('a changed byte at %i is detected', async (place) => {
      const bytes = randomBytes(2 * frame + 10);
      const { sha256 } = await keep(bytes);
      await setup.damage(sha256, place);
      expect(await problem(store.verify(sha256))).toBe('blob_damaged');
      expect(await problem(read(sha256))).toBe('blob_damaged');
    });

    test.for([1, 16, 17, frame, frame + 16])('%i missing bytes are detected', async (cut) => {
      const { sha256 } = await keep(randomBytes(2 * frame));
      await setup.truncate(sha256, cut);
      expect(await problem(read(sha256))).toBe('blob_damaged');
    });

    test('damaged content of another size is replaced when it is put again', async () => {
      const bytes = randomBytes(frame);
      const { sha256 } = await keep(bytes);
      await setup.truncate(sha256, 3);
      await keep(bytes);
      await store.verify(sha256);
    });

    test('deletes content, unless it was put again since', async () => {
      const bytes = randomBytes(10);
      const { sha256 } = await keep(bytes);
      const before = (await store.stat(sha256))?.modifiedAt ?? new Date(0);
      await until(
        () => keep(bytes),
        async () => {
          const now = await store.stat(sha256);
          return now !== undefined && now.modifiedAt > before;
        },
      );
      expect(await store.delete(sha256, { unmodifiedSince: before })).toBe(false);
      expect(await store.has(sha256)).toBe(true);
      expect(await store.delete(sha256)).toBe(true);
      expect(await store.has(sha256)).toBe(false);
      expect((await keep(bytes)).created).toBe(true);
    });

    test('concurrent puts and deletes of the same content leave it complete or absent', async () => {
      const bytes = randomBytes(frame);
      const sha256 = hash(bytes);
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([keep(bytes), store.delete(sha256), keep(bytes), store.delete(sha256)]);
        if (await store.has(sha256)) await store.verify(sha256);
      }
      await keep(bytes);
      await store.verify(sha256);
    });

    test('lists everything in order, also after a given item', async () => {
      const kept: string[] = [];
      for (let count = 0; count < 20; count += 1)
        kept.push((await keep(randomBytes(count))).sha256);
      kept.sort();
      expect((await all(store)).map(({ sha256 }) => sha256)).toEqual(kept);
      expect(await all(store, kept[7])).toMatchObject(kept.slice(8).map((sha256) => ({ sha256 })));
      expect(await all(store, 'f'.repeat(64))).toEqual([]);
    });

    test('a reader that stops early leaves no open file', async () => {
      const { sha256 } = await keep(randomBytes(20 * frame));
      for (let round = 0; round < 5; round += 1) (await store.open(sha256)).destroy();
      for await (const chunk of await store.open(sha256)) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(await store.delete(sha256)).toBe(true);
    });
  });
}

function inChunks(bytes: Uint8Array): Readable {
  const chunkBytes = 10_007;
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    chunks.push(bytes.subarray(start, start + chunkBytes));
  }
  return Readable.from(chunks, { objectMode: false });
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function all(store: BlobStore, after?: string): Promise<BlobStat[]> {
  const found: BlobStat[] = [];
  const options = after === undefined ? {} : { after };
  for await (const each of store.list(options)) found.push(each);
  return found;
}

async function problem(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => 'no problem',
    (caught: unknown) => caught,
  );
  return error instanceof Problem ? error.code : String(error);
}

async function until(act: () => Promise<unknown>, done: () => Promise<boolean>): Promise<void> {
  do await act();
  while (!(await done()));
}
