import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { extract, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { TarError } from './tar-entry.ts';
import {
  archive,
  chunked,
  cuts,
  gather,
  readAll,
  roomyLimits,
  tarInput,
} from './testing/tar-samples.ts';
import type { TarInput } from './write-tar.ts';

const run = promisify(execFile);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-tar-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The entries that are read from an input. */
function expected(input: TarInput): Record<string, unknown> {
  const type = input.type ?? 'file';
  const content = input.content instanceof Uint8Array ? input.content : new Uint8Array();
  return {
    path: type === 'directory' ? input.path.replace(/(?!^)\/+$/, '') : input.path,
    rawPath: undefined,
    type,
    mode: input.mode,
    uid: input.uid,
    gid: input.gid,
    sizeBytes: content.length,
    mtimeMs: input.mtimeMs,
    linkPath: input.linkPath ?? '',
    device: type.endsWith('-device') ? { major: 0, minor: 0 } : undefined,
    xattrs: plain(input.xattrs ?? new Map()),
    bytes: Buffer.from(content),
  };
}

function plain(xattrs: ReadonlyMap<string, Uint8Array>): [string, number[]][] {
  return [...xattrs].map(([name, value]) => [name, [...value]]);
}

describe('written archives', () => {
  test('are read back unchanged, however the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tarInput, { maxLength: 8 }), cuts, async (inputs, places) => {
        const bytes = await archive(inputs);
        const entries = await readAll(chunked(bytes, places));
        const facts = entries.map((entry) => ({ ...entry, xattrs: plain(entry.xattrs) }));
        expect(facts).toEqual(inputs.map(expected));
      }),
      { numRuns: 200 },
    );
  });

  test('are read in chunks of one byte', async () => {
    const inputs = fc.sample(tarInput, { numRuns: 4, seed: 7 });
    const bytes = await archive(inputs);
    const singles = Array.from({ length: bytes.length }, (_, index) => index);
    expect(await readAll(chunked(bytes, singles))).toEqual(await readAll(chunked(bytes, [])));
  });

  test('are readable by tar-stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tarInput, { maxLength: 6 }), async (inputs) => {
        const bytes = await archive(inputs);
        const seen: [string, Buffer][] = [];
        const reader = extract();
        reader.end(bytes);
        for await (const entry of reader) {
          const content = await gather(Readable.from(entry));
          seen.push([entry.header.name.replace(/(?!^)\/+$/, ''), content]);
        }
        const wanted = inputs.map(expected).map(({ path, bytes: content }) => [path, content]);
        expect(seen).toEqual(wanted);
      }),
      { numRuns: 100 },
    );
  });

  test('is what GNU tar lists', async () => {
    const path = `${'deep/'.repeat(60)}Grüße ${'ß'.repeat(40)}`;
    const file = join(directory, 'written.tar');
    await writeFile(
      file,
      await archive([
        { path, content: Buffer.from('text'), mode: 0o4755, uid: 3_000_000, mtimeMs: 1_500 },
        { path: 'link', type: 'symlink', linkPath: path },
        { path: 'directory', type: 'directory' },
      ]),
    );
    const options = ['--numeric-owner', '--quoting-style=literal', '--utc', '-tvf', file];
    const { stdout } = await run('tar', options, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    expect(stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      `-rwsr-xr-x 3000000/0 4 1970-01-01 00:00 ${path}`,
      `lrw-r--r-- 0/0 0 1970-01-01 00:00 link -> ${path}`,
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 directory/',
      '',
    ]);
  });
});

describe('archives of other tools', () => {
  test('tar-stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tarInput, { maxLength: 6 }), cuts, async (inputs, places) => {
        const writer = pack();
        for (const input of inputs) {
          const content = input.content instanceof Uint8Array ? input.content : new Uint8Array();
          const type = input.type === 'hardlink' ? 'link' : (input.type ?? 'file');
          const link = input.linkPath === undefined ? {} : { linkname: input.linkPath };
          writer.entry({ name: input.path, mode: 0, type, ...link }, Buffer.from(content));
        }
        writer.finalize();
        const entries = await readAll(chunked(await gather(Readable.from(writer)), places));
        const wanted = inputs.map(expected);
        const facts = wanted.map(({ path, linkPath, bytes }) => [path, linkPath, bytes]);
        expect(entries.map(({ path, linkPath, bytes }) => [path, linkPath, bytes])).toEqual(facts);
      }),
      { numRuns: 100 },
    );
  });

  test.each(['gnu', 'oldgnu', 'pax', 'posix', 'ustar', 'v7'])(
    'GNU tar, format %s',
    async (format) => {
      const root = join(directory, format);
      const names = ['short', format === 'v7' ? 'n'.repeat(90) : 'n'.repeat(98), 'Grüße'];
      if (!['ustar', 'v7'].includes(format)) names.push(`${'d'.repeat(120)}/${'e'.repeat(150)}`);
      await mkdir(join(root, 'd'.repeat(120)), { recursive: true });
      const contents = new Map<string, Buffer>();
      for (const [index, name] of names.entries()) {
        contents.set(`./${name}`, randomBytes(index * 700));
        await writeFile(join(root, name), contents.get(`./${name}`) ?? '');
      }
      await chmod(join(root, 'short'), 0o640);
      await symlink('short', join(root, 'soft'));
      await link(join(root, 'short'), join(root, 'zz-hard'));
      const arguments_ = [`--format=${format}`, '--sort=name', '-C', root, '-cf'];
      const exclude = ['ustar', 'v7'].includes(format) ? ['--exclude=ddd*'] : [];
      const file = join(directory, `${format}.tar`);
      await run('tar', [...exclude, ...arguments_, file, '.']);
      const entries = await readAll(chunked(await readFile(file), [513, 700]));
      const files = entries.filter(({ type }) => type === 'file');
      expect(new Map(files.map(({ path, bytes }) => [path, bytes]))).toEqual(contents);
      expect(entries.find(({ path }) => path === './soft')).toMatchObject({
        type: 'symlink',
        linkPath: 'short',
      });
      expect(entries.find(({ type }) => type === 'hardlink')).toMatchObject({
        path: './zz-hard',
        linkPath: './short',
      });
      expect(entries.find(({ path }) => path === './short')).toMatchObject({ mode: 0o640 });
      expect(entries[0]).toMatchObject({ path: '.', type: 'directory' });
    },
  );

  test.each([
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.0'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ])('GNU tar, a sparse file with %s %s', async (...form) => {
    const path = join(directory, 'hole');
    const pieces = Array.from({ length: 60 }, (_, at) => Buffer.alloc(4_096, `piece ${at} `));
    const handle = await open(path, 'w');
    for (const [at, piece] of pieces.entries()) await handle.write(piece, 0, 4_096, at * 65_536);
    await handle.truncate(10_000_001);
    await handle.close();
    const words = ['--sparse', ...form, '-C', directory, '-c', 'hole'];
    const { stdout } = await run('tar', words, { encoding: 'buffer', maxBuffer: 1e7 });
    expect(stdout.length).toBeLessThan(1_000_000);
    const [entry] = await readAll(chunked(stdout, [700, 5_000]));
    expect(entry).toMatchObject({ path: 'hole', sizeBytes: 10_000_001 });
    expect(entry?.bytes.equals(await readFile(path))).toBe(true);
  });
});

describe('arbitrary input', () => {
  const tight = { ...roomyLimits, entries: 20, totalBytes: 100_000, entryBytes: 50_000 };

  async function read(bytes: Uint8Array, places: readonly number[]): Promise<string> {
    try {
      const entries = await readAll(chunked(bytes, places), tight);
      expect(entries.length).toBeLessThanOrEqual(tight.entries);
      return JSON.stringify(
        entries.map(({ path, type, bytes: content }) => [path, type, content.length]),
      );
    } catch (error) {
      if (!(error instanceof TarError)) throw error;
      return `${error.code} ${error.offset}`;
    }
  }

  test('arbitrary bytes yield entries or a TarError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4_000 }), cuts, async (bytes, places) => {
        expect(await read(bytes, places)).toBe(await read(bytes, []));
      }),
      { numRuns: 300 },
    );
  });

  test('changed or truncated archives yield the same result however they are split', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 });
    const inputs = fc.array(tarInput, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(inputs, changes, fc.nat(), cuts, async (entries, edits, length, places) => {
        const bytes = await archive(entries);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        resum(bytes);
        const kept = length % 3 === 0 ? bytes.subarray(0, length % bytes.length) : bytes;
        expect(await read(kept, places)).toBe(await read(kept, []));
      }),
      { numRuns: 300 },
    );
  });

  /** Makes the checksums right again, so that changed headers are read past it. */
  function resum(bytes: Buffer): void {
    for (let at = 0; at + 512 <= bytes.length; at += 512) {
      const header = bytes.subarray(at, at + 512);
      if (header.toString('latin1', 257, 262) !== 'ustar') continue;
      header.fill(0x20, 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    }
  }
});
