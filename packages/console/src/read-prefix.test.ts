import { expect, it } from 'vitest';

import { readPrefix } from './read-prefix.ts';

/** A response in chunks that records which chunks were read. */
function answer(pieces: readonly string[]): { response: Response; taken: string[] } {
  const taken: string[] = [];
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = left.shift();
        if (piece === undefined) return controller.close();
        taken.push(piece);
        controller.enqueue(new TextEncoder().encode(piece));
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), taken };
}

it.each([
  [[], '', false],
  [['abc'], 'abc', false],
  [['ab', 'cd'], 'abcd', false],
  [['ab', 'cde'], 'abcd', true],
  [['abcdefg'], 'abcd', true],
])('chunks %j are read as %j', async (pieces, text, isTruncated) => {
  const start = await readPrefix(answer(pieces).response, 4);
  expect({ text: new TextDecoder().decode(start.bytes), isTruncated: start.isTruncated }).toEqual({
    text,
    isTruncated,
  });
});

it('does not read past the limit', async () => {
  const { response, taken } = answer(['abc', 'def', 'ghi', 'jkl']);
  await readPrefix(response, 4);
  expect(taken).toEqual(['abc', 'def']);
});

it('accepts a response without a body', async () => {
  expect(await readPrefix(new Response(null), 4)).toEqual({
    bytes: new Uint8Array(),
    isTruncated: false,
  });
});
