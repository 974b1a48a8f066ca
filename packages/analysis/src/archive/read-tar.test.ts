import { describe, expect, test } from 'vitest';

import { formatPax } from './pax.ts';
import { readTar } from './read-tar.ts';
import { TarError } from './tar-entry.ts';
import type { TarErrorCode, TarOptions } from './tar-entry.ts';
import { archive, chunked, gather, readAll, roomyLimits } from './testing/tar-samples.ts';
import { writeTar } from './write-tar.ts';

const end = Buffer.alloc(1_024);

/** Writes the checksum over a block that a test has changed. */
function seal(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

interface BlockFields {
  readonly name?: string | Buffer;
  readonly flag?: string;
  readonly size?: number;
  readonly change?: (block: Buffer) => void;
}

function block({ name = 'a', flag = '0', size = 0, change }: BlockFields): Buffer {
  const bytes = Buffer.alloc(512);
  Buffer.from(name).copy(bytes, 0, 0, 100);
  bytes.write('0000644\x000000000\x000000000\0', 100, 'latin1');
  bytes.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\0`, 124, 'latin1');
  bytes.write(flag, 156, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  change?.(bytes);
  return seal(bytes);
}

function body(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
}

function pax(flag: 'x' | 'g', records: Record<string, string>): Buffer {
  const bytes = formatPax(new Map(Object.entries(records)));
  return Buffer.concat([block({ flag, name: 'pax', size: bytes.length }), body(bytes)]);
}

async function failure(bytes: Buffer, options: TarOptions = roomyLimits): Promise<TarError> {
  const error = await readAll(chunked(bytes, []), options).catch((cause: unknown) => cause);
  if (!(error instanceof TarError)) throw new Error('expected a TarError', { cause: error });
  return error;
}

async function paths(bytes: Buffer, options: TarOptions = roomyLimits): Promise<string[]> {
  return (await readAll(chunked(bytes, []), options)).map((entry) => entry.path);
}

describe('names', () => {
  test('are joined from the prefix and the name of ustar', async () => {
    const prefixed = block({ name: 'file', change: (bytes) => bytes.write('some/dir', 345) });
    expect(await paths(Buffer.concat([prefixed, end]))).toEqual(['some/dir/file']);
  });

  test('do not include the prefix field in GNU format', async () => {
    const gnu = block({
      name: 'file',
      change: (bytes) => {
        bytes.write('ustar  \0', 257, 'latin1');
        bytes.write('00000000001', 345, 'latin1');
      },
    });
    expect(await paths(Buffer.concat([gnu, end]))).toEqual(['file']);
  });

  test('prefer GNU long name headers to pax to the header', async () => {
    const long = `${'n'.repeat(300)}`;
    const bytes = Buffer.concat([
      pax('x', { path: 'pax-name', linkpath: 'pax-target' }),
      block({ flag: 'L', name: '././@LongLink', size: long.length + 1 }),
      body(`${long}\0`),
      block({ flag: '2' }),
      block({ name: 'next' }),
      end,
    ]);
    const [first, second] = await readAll(chunked(bytes, []));
    expect(first).toMatchObject({ path: long, type: 'symlink', linkPath: 'pax-target' });
    expect(second).toMatchObject({ path: 'next', linkPath: '' });
  });

  test('that are not UTF-8 keep their raw bytes', async () => {
    const bytes = Buffer.concat([block({ name: Buffer.from([0x61, 0xff, 0x62]) }), end]);
    const [entry] = await readAll(chunked(bytes, []));
    expect(entry).toMatchObject({ path: 'a\ufffdb', rawPath: 'a\xffb' });
  });
});

describe('pax headers', () => {
  const global = pax('g', { path: 'all', mtime: '12.5' });
  const bytes = Buffer.concat([global, block({ name: 'a' }), block({ name: 'b' }), end]);

  test('that are global apply to all later members, as in POSIX', async () => {
    const entries = await readAll(chunked(bytes, []));
    expect(entries.map(({ path, mtimeMs }) => [path, mtimeMs])).toEqual([
      ['all', 12_500],
      ['all', 12_500],
    ]);
  });

  test('that are global are ignored in the Docker dialect', async () => {
    expect(await paths(bytes, { ...roomyLimits, dialect: 'docker' })).toEqual(['a', 'b']);
  });

  test('with an empty value reset the global value', async () => {
    const own = Buffer.concat([global, pax('x', { path: '' }), block({ name: 'a' }), end]);
    expect(await paths(own)).toEqual(['a']);
  });

  test('define the size to skip, so that no member hides in another', async () => {
    const hidden = block({ name: 'hidden' });
    const inner = Buffer.concat([pax('x', { size: '512' }), block({ name: 'outer' }), hidden]);
    expect(await paths(Buffer.concat([inner, end]))).toEqual(['outer']);
  });

  test('do not resize the long name header that follows them', async () => {
    const long = 'n'.repeat(200);
    const inner = Buffer.concat([
      pax('x', { size: '3' }),
      block({ flag: 'L', size: long.length }),
      body(long),
      block({}),
      body('abc'),
    ]);
    const [entry] = await readAll(chunked(Buffer.concat([inner, end]), []));
    expect(entry).toMatchObject({ path: long, bytes: Buffer.from('abc') });
  });
});

describe('members without content', () => {
  test.each(['1', '2', '3', '4', '5', '6'])(
    'of type %s have none, whatever their size',
    async (flag) => {
      const bytes = Buffer.concat([block({ flag, size: 512 }), block({ name: 'next' }), end]);
      const entries = await readAll(chunked(bytes, []));
      expect(entries.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
        ['a', 0],
        ['next', 0],
      ]);
    },
  );

  test('are directories when an old-style name ends in a slash', async () => {
    const bytes = Buffer.concat([block({ flag: '\0', name: 'old/' }), end]);
    expect(await readAll(chunked(bytes, []))).toMatchObject([{ path: 'old', type: 'directory' }]);
  });
});

describe('numbers', () => {
  test('are read in base 256', async () => {
    const large = block({
      change: (bytes) => {
        bytes.fill(0, 108, 116).writeUInt8(0x80, 108);
        bytes.writeUInt32BE(4_000_000_000, 112);
        bytes.fill(0xff, 136, 148);
      },
    });
    const [entry] = await readAll(chunked(Buffer.concat([large, end]), []));
    expect(entry).toMatchObject({ uid: 4_000_000_000, mtimeMs: -1_000 });
  });
});

describe('damage', () => {
  const file = Buffer.concat([block({ name: 'a', size: 600 }), body(Buffer.alloc(600, 0x78))]);
  const badSum = Buffer.concat([file, end]);
  badSum[1] = 0x62;
  const cases: [string, TarErrorCode, number, Buffer][] = [
    ['a wrong checksum', 'bad_checksum', 0, badSum],
    ['text that is not an archive', 'bad_checksum', 0, Buffer.alloc(2_048, 'hello ')],
    ['nothing at all', 'truncated', 0, Buffer.alloc(0)],
    ['no end marker', 'truncated', 1_536, file],
    ['an end inside a header', 'truncated', 1_536, Buffer.concat([file, block({}).subarray(9)])],
    ['an end inside a member', 'truncated', 0, file.subarray(0, 700)],
    ['an end inside padding', 'truncated', 0, file.subarray(0, 1_400)],
    ['a lone zero block', 'bad_end', 1_536, Buffer.concat([file, Buffer.alloc(512), file, end])],
    ['a broken number', 'bad_number', 0, block({ change: (bytes) => bytes.write('12x', 124) })],
    ['a negative size', 'bad_number', 0, block({ change: (bytes) => bytes.fill(0xff, 124, 136) })],
    ['a huge size', 'bad_number', 0, block({ change: (bytes) => bytes.fill(0xbf, 124, 136) })],
    [
      'an invalid pax number',
      'bad_number',
      1_024,
      Buffer.concat([pax('x', { size: '1e3' }), block({})]),
    ],
    [
      'a pax path with NUL',
      'bad_pax',
      1_024,
      Buffer.concat([pax('x', { path: 'a\0b' }), block({})]),
    ],
    [
      'a pax length too long',
      'bad_pax',
      0,
      Buffer.concat([block({ flag: 'x', size: 9 }), body('99 path=x')]),
    ],
    [
      'a pax length of zero',
      'bad_pax',
      0,
      Buffer.concat([block({ flag: 'x', size: 7 }), body('0 a=bc\n')]),
    ],
    ['a sparse file of star', 'bad_sparse', 0, block({ flag: 'S' })],
  ];
  test.each(cases)('%s is %s', async (_, code, offset, bytes) => {
    const error = await failure(bytes);
    expect([error.code, error.offset, error.isLimit]).toEqual([code, offset, false]);
  });

  test('from a pipe has its own error', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield block({ size: 600 });
      throw new Error('the pipe broke');
    }
    await expect(readAll(broken())).rejects.toThrow('the pipe broke');
  });
});

describe('limits', () => {
  const entry = { path: 'some/path', content: Buffer.alloc(2_000) };
  const cases: [TarErrorCode, Partial<TarOptions>][] = [
    ['too_many_entries', { entries: 2 }],
    ['entry_too_large', { entryBytes: 1_999 }],
    ['too_many_bytes', { totalBytes: 3 * 2_560 - 1 }],
    ['path_too_long', { pathBytes: 8 }],
  ];
  test.each(cases)('%s', async (code, limit) => {
    const bytes = await archive([entry, entry, entry]);
    const error = await failure(bytes, { ...roomyLimits, ...limit });
    expect([error.code, error.isLimit]).toEqual([code, true]);
  });

  test('include their exact value', async () => {
    const bytes = await archive([entry, entry, entry]);
    const exact = { entries: 3, entryBytes: 2_000, totalBytes: bytes.length, pathBytes: 9 };
    expect(await paths(bytes, { ...roomyLimits, ...exact })).toHaveLength(3);
  });

  test('header_too_large, before the header is read', async () => {
    const bytes = Buffer.concat([block({ flag: 'x', size: 8 ** 11 - 1 }), end]);
    expect((await failure(bytes)).code).toBe('header_too_large');
  });

  test('too_many_bytes after the end marker too', async () => {
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await archive([entry]);
      for (;;) yield Buffer.alloc(65_536);
    }
    await expect(readAll(endless())).rejects.toMatchObject({ code: 'too_many_bytes' });
  });
});

describe('the walk', () => {
  test('skips unread content and refuses content of earlier members', async () => {
    const bytes = await archive([
      { path: 'a', content: Buffer.alloc(5_000, 1) },
      { path: 'b', content: Buffer.from('b') },
    ]);
    const seen: string[] = [];
    let first: AsyncIterable<Uint8Array> | undefined;
    for await (const entry of readTar(chunked(bytes, [700, 900]), roomyLimits)) {
      first ??= entry.content;
      seen.push(entry.path);
      if (entry.path === 'b') expect(await gather(entry.content)).toEqual(Buffer.from('b'));
      else for await (const piece of entry.content) if (piece.length > 0) break;
    }
    expect(seen).toEqual(['a', 'b']);
    await expect(gather(first ?? chunked(bytes, []))).rejects.toThrow('read once');
  });

  test('closes the stream on an early exit', async () => {
    let closed = false;
    async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield block({ size: 600 });
        yield body(Buffer.alloc(600));
      } finally {
        closed = true;
      }
    }
    for await (const entry of readTar(watched(), roomyLimits)) if (entry.path === 'a') break;
    expect(closed).toBe(true);
  });
});

describe('writing', () => {
  test.each([3, 5])('refuses a stream of %i bytes that was announced with 4', async (sizeBytes) => {
    const content = chunked(Buffer.alloc(sizeBytes), []);
    const written = gather(writeTar([{ path: 'a', sizeBytes: 4, content }]));
    await expect(written).rejects.toMatchObject({ name: 'TarError', code: 'wrong_size' });
  });

  test.each([{ path: 'a\0b' }, { path: '' }])('refuses the path of %o', async (entry) => {
    await expect(archive([entry])).rejects.toThrow('a path in a tar archive');
  });
});
