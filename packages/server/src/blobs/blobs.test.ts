import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Problem } from '@lazaret/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BlobStoreSetup, describeBlobStore } from './blob-store.suite.ts';
import { type BlobStore, openFileBlobStore } from './index.ts';
import { blobLimits } from './limits.ts';
import { sealHeaderBytes } from './sealing.ts';

const key = Buffer.alloc(32, 7);
const megabyte = 1024 * 1024;
/** Puts endless content and reports when some of it was read. */
const program = `
  const { openFileBlobStore } = await import('${new URL('index.ts', import.meta.url).href}');
  const store = await openFileBlobStore({ directory: process.argv[1] });
  async function* content() {
    for (let count = 0; ; count += 1) {
      yield Buffer.alloc(100_000);
      if (count === 20) console.log('running');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  await store.put(content(), { maxBytes: 1e9 });
`;

async function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'lazaret-blobs-'));
}

async function setUp(storeKey: Uint8Array | undefined): Promise<BlobStoreSetup> {
  const directory = await makeDirectory();
  const store = await openFileBlobStore({ directory, key: storeKey });
  const path = (sha256: string): string =>
    join(directory, sha256.slice(0, 2), sha256.slice(2, 4)) +
    `/${sha256}${storeKey === undefined ? '' : '.sealed'}`;
  return {
    store,
    damage: async (sha256, place) => {
      const { size } = await stat(path(sha256));
      const header = storeKey === undefined ? 0 : sealHeaderBytes;
      await flip(path(sha256), place === undefined ? Math.floor(size / 2) : header + place);
    },
    truncate: async (sha256, bytes) => {
      await truncate(path(sha256), (await stat(path(sha256))).size - bytes);
    },
    countLeftovers: async () => (await readdir(join(directory, 'temporary'))).length,
    close: () => rm(directory, { recursive: true }),
  };
}

async function flip(path: string, place: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, place);
  byte.writeUInt8(byte.readUInt8() ^ 1);
  await file.write(byte, 0, 1, place);
  await file.close();
}

describeBlobStore('blobs in files', () => setUp(undefined));
describeBlobStore('encrypted blobs in files', () => setUp(key));

describe('the directory of blobs', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const openStore = (options: { key?: Uint8Array; now?: () => number } = {}) =>
    openFileBlobStore({ directory, ...options });

  async function files(): Promise<string[]> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  test('content is stored under two levels of its digest, accessible for its user only', async () => {
    const store = await openStore();
    const { sha256 } = await put(store, Buffer.from('hello'));
    const path = join(directory, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    expect(await readFile(path, 'utf8')).toBe('hello');
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect((await stat(join(directory, sha256.slice(0, 2)))).mode & 0o077).toBe(0);
  });

  test('with a key nothing of the content can be read in the files', async () => {
    const store = await openStore({ key });
    const text = 'a sentence that is easy to find '.repeat(100);
    const { sha256 } = await put(store, Buffer.from(text));
    const path = join(directory, sha256.slice(0, 2), sha256.slice(2, 4), `${sha256}.sealed`);
    expect((await readFile(path)).includes('sentence')).toBe(false);
    const other = await put(store, Buffer.from(`${text}!`));
    const second = join(directory, other.sha256.slice(0, 2), other.sha256.slice(2, 4));
    const [one, two] = await Promise.all([
      readFile(path),
      readFile(join(second, `${other.sha256}.sealed`)),
    ]);
    expect(one.subarray(sealHeaderBytes, 100).equals(two.subarray(sealHeaderBytes, 100))).toBe(
      false,
    );
  });

  test('another key, or none, is refused when the store is opened', async () => {
    await put(await openStore({ key }), Buffer.from('x'));
    await openStore({ key });
    for (const wrong of [{ key: Buffer.alloc(32, 8) }, {}]) {
      await expect(openStore(wrong)).rejects.toMatchObject({ code: 'blob_key_mismatch' });
    }
    await expect(openStore({ key: Buffer.alloc(31) })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });

  test('copied content with another key is a clear error when it is read', async () => {
    const { sha256 } = await put(await openStore({ key }), Buffer.from('x'));
    await rm(join(directory, 'key-name'));
    const store = await openStore({ key: Buffer.alloc(32, 8) });
    await expect(store.open(sha256)).rejects.toMatchObject({ code: 'blob_key_mismatch' });
  });

  test('encrypted content under the name of another is detected', async () => {
    const store = await openStore({ key });
    const one = await put(store, randomBytes(100));
    const two = await put(store, randomBytes(100));
    const path = ({ sha256 }: { sha256: string }): string =>
      join(directory, sha256.slice(0, 2), sha256.slice(2, 4), `${sha256}.sealed`);
    await rename(path(one), path(two));
    await expect(store.verify(two.sha256)).rejects.toMatchObject({ code: 'blob_damaged' });
  });

  test('unencrypted content from before the key is readable and is encrypted when put again', async () => {
    const bytes = randomBytes(100);
    const { sha256 } = await put(await openStore(), bytes);
    const store = await openStore({ key });
    await store.verify(sha256);
    await put(store, bytes);
    expect(await files()).toEqual(expect.arrayContaining([`${sha256}.sealed`]));
    expect(await files()).not.toContain(sha256);
    await store.verify(sha256);
  });

  test('old temporary files are removed when the store is opened, recent ones are not', async () => {
    await mkdir(join(directory, 'temporary'));
    const left = join(directory, 'temporary', 'left');
    await writeFile(left, 'x');
    const { mtimeMs } = await stat(left);
    await openStore({ now: () => mtimeMs + blobLimits.temporaryMs - 1 });
    expect(await files()).toEqual(['left']);
    await openStore({ now: () => mtimeMs + blobLimits.temporaryMs + 1 });
    expect(await files()).toEqual([]);
  });

  test('a full disk is a specific problem, and nothing is stored', async () => {
    const unmount = limitSpace(directory);
    try {
      const store = await openStore();
      await put(store, randomBytes(100_000));
      // An ordinary user cannot fill a disk without affecting other processes.
      if (unmount === undefined) return;
      const error = await put(store, randomBytes(2 * megabyte)).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ code: 'storage_full' });
      expect(await files()).toHaveLength(1);
      await put(store, randomBytes(100_000));
    } finally {
      unmount?.();
    }
  });

  test('kill -9 during a put leaves no blob, only a temporary file that is removed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await readdir(join(directory, 'temporary'))).toHaveLength(1);
    const store = await openStore({ now: () => Date.now() + blobLimits.temporaryMs + 1 });
    expect(await files()).toEqual([]);
    for await (const found of store.list()) throw new Error(`unexpected ${found.sha256}`);
  });

  async function put(store: BlobStore, bytes: Uint8Array) {
    return store.put(Readable.from([bytes]), { maxBytes: bytes.length });
  }
});

/** Mounts a file system of 1 MiB there, when this process may. */
function limitSpace(directory: string): (() => void) | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
  return () => execFileSync('umount', [directory]);
}
