import { expect, it } from 'vitest';

import { readStart } from './read-start.ts';

/** Answers with pieces, and remembers which of them were taken. */
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
])('of %j takes %j', async (pieces, text, isCut) => {
  const start = await readStart(answer(pieces).response, 4);
  expect({ text: new TextDecoder().decode(start.bytes), isCut: start.isCut }).toEqual({
    text,
    isCut,
  });
});

it('leaves the rest where it is', async () => {
  const { response, taken } = answer(['abc', 'def', 'ghi', 'jkl']);
  await readStart(response, 4);
  expect(taken).toEqual(['abc', 'def']);
});

it('takes an answer without a body', async () => {
  expect(await readStart(new Response(null), 4)).toEqual({ bytes: new Uint8Array(), isCut: false });
});
