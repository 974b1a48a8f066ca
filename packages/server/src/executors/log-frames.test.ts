import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ExecutorError } from './executor.ts';
import { readLog, sinceParameter } from './log-frames.ts';

function frame(stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const time = fc.integer({ min: 0, max: 3 }).map((tick) => `2026-01-01T00:00:0${tick}.000000000Z`);
const lines = fc.array(
  fc.record({ stream: fc.constantFrom(1, 2), at: time, bytes: fc.uint8Array({ maxLength: 40 }) }),
  { maxLength: 20 },
);

/** Lines like those of an engine: time increases within a stream. */
function ordered(all: { stream: number; at: string; bytes: Uint8Array }[]): typeof all {
  const latest: Record<number, string> = {};
  return all.map((line) => {
    const at = [latest[line.stream] ?? '', line.at].sort().at(-1) ?? '';
    latest[line.stream] = at;
    return { ...line, at };
  });
}

async function* cut(
  bytes: Buffer,
  sizes: readonly number[],
): AsyncGenerator<Buffer, void, undefined> {
  let at = 0;
  for (const size of sizes) yield bytes.subarray(at, (at += size));
  yield bytes.subarray(at);
}

async function read(bytes: Buffer, sizes: readonly number[], after?: string): Promise<string[][]> {
  const pieces: string[][] = [];
  for await (const piece of readLog(cut(bytes, sizes), after)) {
    const text = Buffer.from(piece.bytes).toString('hex');
    pieces.push([piece.stream, piece.at, text, piece.position]);
  }
  return pieces;
}

test('frames are the same for any chunking, and resume after any position', async () => {
  const sizes = fc.array(fc.nat(30), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lines, sizes, async (given, chunks) => {
      const all = ordered(given);
      const bytes = Buffer.concat(
        all.map(({ stream, at, bytes: text }) =>
          frame(stream, Buffer.concat([Buffer.from(`${at} `), text])),
        ),
      );
      const pieces = await read(bytes, chunks);
      expect(pieces.map((piece) => piece.slice(0, 3))).toEqual(
        all.map(({ stream, at, bytes: text }) => [
          stream === 1 ? 'stdout' : 'stderr',
          at,
          Buffer.from(text).toString('hex'),
        ]),
      );
      for (const [index, [, , , position]] of pieces.entries()) {
        expect(await read(bytes, [], position)).toEqual(pieces.slice(index + 1));
      }
    }),
  );
});

test('anything else is an invalid response', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      await expect(read(Buffer.from(bytes), [])).rejects.toThrow(ExecutorError);
    }),
  );
  const endless = frame(1, Buffer.alloc(0));
  endless.writeUInt32BE(0xffff_ffff, 4);
  await expect(read(endless, [])).rejects.toMatchObject({ code: 'bad_answer' });
});

test('the request starts a little before the earlier of both streams', () => {
  expect(sinceParameter(undefined)).toBeUndefined();
  const early = '2026-01-01T00:00:05.5Z/1';
  const late = '2026-01-01T00:01:00.000000001Z/7';
  const expected = Date.UTC(2026, 0, 1) / 1_000 - 5;
  expect(sinceParameter(`${late},${early}`)).toBe(expected);
  expect(sinceParameter(`,${early}`)).toBe(expected);
  for (const broken of ['x', '2026-01-01T00:00:05Z', `${early},${late},${late}`, `${early}x,`]) {
    expect(() => sinceParameter(broken)).toThrow('invalid log position');
  }
});
