/** Bodies are bounded, one by one and all together. */
import { PassThrough, Readable } from 'node:stream';

import { expect, test } from 'vitest';

import { hookLimits } from './limits.ts';
import { BodyBudget } from './read-body.ts';

const bytes = (count: number): Readable => Readable.from([Buffer.alloc(count)]);

test('a body is read whole', async () => {
  const parts = Readable.from([Buffer.from('one '), Buffer.from('two')]);
  expect(String(await new BodyBudget().read(parts, undefined))).toBe('one two');
});

test.each([
  ['announced', hookLimits.bodyBytes + 1, bytes(1)],
  ['not announced', undefined, bytes(hookLimits.bodyBytes + 1)],
])('a body beyond the limit is refused, %s', async (_, declared, stream) => {
  const read = new BodyBudget().read(stream, declared);
  await expect(read).rejects.toMatchObject({ code: 'payload_too_large' });
});

test('bodies beyond the total are refused with a time, until others were read', async () => {
  const budget = new BodyBudget(100);
  const first = new PassThrough();
  const reading = budget.read(first, undefined);
  first.write(Buffer.alloc(80));
  await expect.poll(() => first.readableLength).toBe(0);
  await expect(budget.read(bytes(30), undefined)).rejects.toMatchObject({
    code: 'too_many_requests',
    headers: { 'retry-after': '1' },
  });
  first.end();
  expect(await reading).toHaveLength(80);
  expect(await budget.read(bytes(90), undefined)).toHaveLength(90);
});

test('a body that is cut off gives back what it took', async () => {
  const budget = new BodyBudget(100);
  const cut = new PassThrough();
  const reading = budget.read(cut, undefined);
  cut.write(Buffer.alloc(80));
  cut.destroy(new Error('the connection ended'));
  await expect(reading).rejects.toThrow('the connection ended');
  expect(await budget.read(bytes(90), undefined)).toHaveLength(90);
});
