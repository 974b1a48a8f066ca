// Not in the quick check: every reader gets megabytes of hostile text.
import { describe, expect, test } from 'vitest';

import { ecosystems } from './ecosystems.ts';
import { neverCrashes, wholeFile } from './testing/read-file.ts';
import { readerSamples } from './testing/reader-samples.ts';

const samples = readerSamples();
const described = ecosystems.flatMap(({ readers }) => readers);

describe.each(described.map((one) => [one.reader.id, one] as const))('%s', (id, { reader }) => {
  test.each(samples[id] ?? [])('never crashes on damaged bytes of $path', async (sample) => {
    await neverCrashes(reader, sample.path, sample.bytes);
  });

  test.each([
    ['one line', 'a '.repeat(500_000)],
    ['brackets', '[{"a":'.repeat(200_000)],
    ['spaces', `a==${' '.repeat(1_000_000)}x`],
    ['quotes', '"'.repeat(1_000_000)],
    ['colons', ': {'.repeat(300_000)],
    ['lines', '  a@1:\n    version: 1\n'.repeat(40_000)],
  ])('ends on a long run of %s', async (_what, text) => {
    for (const { path } of samples[id] ?? []) {
      try {
        await reader.read(wholeFile(path, text), () => undefined);
      } catch (error) {
        expect((error as Error).name).toBe('ReadError');
      }
    }
  });
});
