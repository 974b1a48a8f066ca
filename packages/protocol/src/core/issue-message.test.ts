import { expect, test } from 'vitest';
import { z } from 'zod';

import { operations } from '../operations.ts';
import { readFields } from './invalid-fields.ts';
import { queryList } from './fields.ts';

const schema = z.object({
  state: queryList(z.enum(['queued', 'running'])).optional(),
  mode: z.enum(['fast', 'thorough']).optional(),
  priority: z.number().int().max(100).min(3).optional(),
  name: z.string().trim().min(1).optional(),
  word: z.string().min(2).max(4).optional(),
  tags: z.array(z.string()).max(1).optional(),
});

test.each([
  [{ state: 'queued,bad' }, 'state[1]', 'expected one of queued, running, received "bad"'],
  [{ mode: 'slow' }, 'mode', 'expected one of fast, thorough, received "slow"'],
  [{ priority: 1000 }, 'priority', 'expected at most 100, received 1000'],
  [{ priority: 2 }, 'priority', 'expected at least 3, received 2'],
  [{ word: 'a' }, 'word', 'expected at least 2 characters, received 1'],
  [{ name: ' ' }, 'name', 'expected at least 1 character'],
  [{ word: 'abcde' }, 'word', 'expected at most 4 characters, received 5'],
  [{ tags: ['a', 'b'] }, 'tags', 'expected at most 1 item, received 2'],
  [{ mod: 'fast' }, 'mod', 'unknown field; did you mean "mode"?'],
])('%j is refused with what was expected and received', (value, path, message) => {
  expect(readFields(schema, value, { path: [] }).errors).toEqual([{ path, message }]);
});

test('the own message of a schema is unchanged', () => {
  const { params } = operations.files.show;
  const { errors } = readFields(params as z.ZodType, { sha256: 'x' }, { path: [] });
  expect(errors[0]?.message).toContain('expected a SHA-256 digest of 64');
});
