// Not in the quick check: documents of megabytes are read.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import { emitPackages } from '../found-package.ts';
import { parseJson, parseRelaxedJson } from './json-text.ts';

function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ReadError) return error.reason;
    throw error;
  }
  return 'none';
}

describe('untrusted JSON', () => {
  test('equals the result of JSON.parse, strict and relaxed', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
        expect(parseRelaxedJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('throws nothing but ReadError', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const parse of [parseJson, parseRelaxedJson]) {
          expect(['none', 'damaged']).toContain(reasonOf(() => parse(Buffer.from(bytes))));
        }
      }),
    );
  });

  test('is measured before it is parsed', () => {
    const deep = Buffer.alloc(inventoryLimits.readerJsonDepth + 1, '[');
    expect(reasonOf(() => parseJson(deep))).toBe('too_deep');
    const many = Buffer.alloc(inventoryLimits.readerJsonValues + 1, ',');
    expect(reasonOf(() => parseJson(many))).toBe('too_many');
    const large = Buffer.alloc(inventoryLimits.readerJsonBytes + 1, ' ');
    expect(reasonOf(() => parseJson(large))).toBe('too_large');
    const quoted = Buffer.from(JSON.stringify('[{,'.repeat(inventoryLimits.readerJsonDepth)));
    expect(reasonOf(() => parseJson(quoted))).toBe('none');
  });
});

test('a limit on packages is never clean: what is above it is reported', () => {
  const found = {
    type: 'npm',
    name: 'a',
    version: '1',
    foundBy: 'lock-file',
    state: 'declared',
  } as const;
  const endless = function* (): Generator<typeof found> {
    for (;;) yield found;
  };
  const facts: unknown[] = [];
  expect(reasonOf(() => emitPackages('x', endless(), (one) => facts.push(one)))).toBe('too_many');
  expect(facts).toHaveLength(1);
});
