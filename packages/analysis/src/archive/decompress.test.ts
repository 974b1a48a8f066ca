// Not in the quick check: megabytes are compressed in every format.
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decompress } from './decompress.ts';
import { nativeInflate } from './native-inflate.ts';

const bounds = { totalBytes: 1e9, ratio: 2_000, freeBytes: 1e8 };
const native = await nativeInflate();

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Outcome {
  readonly plain: Buffer;
  readonly fault: string | undefined;
}

async function inflated(stored: Uint8Array, useNative: boolean, size = 1_000): Promise<Outcome> {
  const given: Buffer[] = [];
  try {
    const { plain } = await decompress(pieces(stored, size), bounds, { useNative });
    for await (const chunk of plain) given.push(Buffer.from(chunk));
    return { plain: Buffer.concat(given), fault: undefined };
  } catch (error) {
    const fault = error instanceof Error ? error.message : 'no error';
    return { plain: Buffer.concat(given), fault };
  }
}

const text = Buffer.from('a harbour receives what comes ashore\n'.repeat(4_000));
const noise = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * at * 31 + at) & 0xff));
const whole = gzipSync(Buffer.concat([text, noise, text]));

const streams: readonly (readonly [string, Buffer])[] = [
  ['one member', whole],
  ['several members, some empty', Buffer.concat([whole, gzipSync(''), gzipSync(noise), whole])],
  ['stored blocks', gzipSync(noise, { level: 0 })],
  ['fixed codes', gzipSync(text.subarray(0, 40))],
  ['zeros after the end', Buffer.concat([whole, Buffer.alloc(5_000)])],
  ['other bytes after the end', Buffer.concat([whole, Buffer.from('garbage of some length')])],
  ['a wrong checksum', changed(whole, whole.length - 6)],
  ['a wrong length', changed(whole, whole.length - 2)],
  ['damage in the middle', changed(whole, 900, 40)],
  ['a header only', whole.subarray(0, 10)],
  ['half of it', whole.subarray(0, whole.length / 2)],
  ['an unknown method', changed(whole, 2)],
  ['flags of a missing header', changed(whole, 3)],
  ['a reserved flag', reserved(Buffer.from(whole), 3)],
  ['a reserved flag in a later member', reserved(Buffer.concat([whole, whole]), whole.length + 3)],
];

function reserved(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) | 0x80;
  return bytes;
}

function changed(bytes: Buffer, at: number, count = 1): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = at; index < at + count; index += 1) copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}

test('this machine has the library, so that it is tested here', () => {
  expect(native).toBeDefined();
});

describe('ISA-L and zlib agree on gzip', () => {
  test.each(streams)('%s', async (_, stored) => {
    for (const size of [1, 7, 1_000, stored.length]) {
      const [fast, slow] = [
        await inflated(stored, true, size),
        await inflated(stored, false, size),
      ];
      expect(fast.fault === undefined).toBe(slow.fault === undefined);
      expect(agree(fast, slow)).toBe(true);
    }
  });

  test('random members in random chunks, corrupted randomly', async () => {
    const part = fc.uint8Array({ maxLength: 3_000 });
    const level = fc.integer({ min: 0, max: 9 });
    const members = fc.array(fc.tuple(part, level, fc.nat(40)), { minLength: 1, maxLength: 4 });
    const cut = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })));
    await fc.assert(
      fc.asyncProperty(
        members,
        cut,
        fc.integer({ min: 1, max: 4_000 }),
        async (list, flip, size) => {
          const stored = Buffer.concat(
            list.map(([bytes, by, times]) => gzipSync(repeat(bytes, times), { level: by })),
          );
          if (flip !== null) {
            const at = flip[0] % stored.length;
            stored[at] = (stored[at] ?? 0) ^ flip[1];
          }
          const fast = await inflated(stored, true, size);
          const slow = await inflated(stored, false, size);
          expect(fast.fault === undefined).toBe(slow.fault === undefined);
          expect(agree(fast, slow)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('more than a chunk, with matches across chunks', async () => {
    const plain = Buffer.concat(Array.from({ length: 40 }, () => Buffer.concat([text, noise])));
    const fast = await inflated(gzipSync(plain), true, 64 * 1024);
    expect(fast.fault).toBeUndefined();
    expect(fast.plain.equals(plain)).toBe(true);
  });
});

test('the content before the damage is returned, so that it is examined', async () => {
  const { plain, fault } = await inflated(changed(whole, whole.length - 6), true);
  expect(fault).toContain('cannot be inflated');
  expect(plain.equals(Buffer.concat([text, noise, text]))).toBe(true);
});

function repeat(bytes: Uint8Array, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times + 1 }, () => bytes));
}

/**
 * The same bytes, or of a damaged stream as many as both gave: zlib does not return its last chunk,
 * and at the end of a truncated stream one may return a symbol more than the other.
 */
function agree(fast: Outcome, slow: Outcome): boolean {
  const shared = Math.min(fast.plain.length, slow.plain.length);
  const all = slow.fault === undefined ? Math.max(fast.plain.length, slow.plain.length) : shared;
  return fast.plain.subarray(0, all).equals(slow.plain.subarray(0, all));
}
