import { expect, test } from 'vitest';

import { limits } from '../limits.ts';
import { operations } from '../operations.ts';
import { fileName, textOfBytes, utf8Bytes } from './fields.ts';

test('limits in bytes count UTF-8, not characters', () => {
  const schema = textOfBytes(6);
  expect(schema.safeParse('abcdef').success).toBe(true);
  expect(schema.safeParse('äöü').success).toBe(true);
  expect(schema.safeParse('äöüx').success).toBe(false);
  expect(schema.safeParse('検疫').success).toBe(true);
  expect(schema.safeParse('検疫所').success).toBe(false);
  expect(utf8Bytes('𝄞')).toBe(4);
});

test('a file name may have at most 255 bytes', () => {
  const name = 'ß'.repeat(127);
  expect(utf8Bytes(name)).toBe(254);
  expect(fileName.safeParse(`${name}x`).success).toBe(true);
  expect(fileName.safeParse(`${name}xy`).success).toBe(false);
});

test('paths in queries are limited in bytes', () => {
  const path = 'ü'.repeat(limits.pathBytes / 2);
  const query = operations.jobs.result.query;
  expect(query?.safeParse({ path }).success).toBe(true);
  expect(query?.safeParse({ path: `${path}x` }).success).toBe(false);
});
