import { engineManifest, parseDuration, parseSize } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { durationText, manifestText, sizeText } from './manifest-text.ts';

it('writes sizes and durations that parse to the same value', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (value) => {
      expect(parseSize(sizeText(value))).toBe(value);
      expect(parseDuration(durationText(value))).toBe(value);
    }),
  );
});

it('writes a manifest that parses to the same manifest', () => {
  const manifest = engineManifest.parse({
    name: 'strings',
    image: 'lazaret/engine-strings:latest',
    command: ['/engine/run'],
    timeLimit: '90s',
    stopGrace: '250ms',
    resources: { memory: '96MiB', log: 1_500 },
  });
  expect(engineManifest.parse(parse(stringify(manifestText(manifest))))).toEqual(manifest);
});
