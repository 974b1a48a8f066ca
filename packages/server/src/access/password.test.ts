// Not in the quick check: passwords are hashed at their real cost.
import { Problem } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { accessLimits } from './limits.ts';
import { checkStrength, createPasswords } from './password.ts';

const passwords = createPasswords();

test('a password is stored as argon2id with the cost that OWASP names, salted', async () => {
  const [one, two] = await Promise.all([passwords.hash('same'), passwords.hash('same')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(two);
  expect(await passwords.verify('same', one)).toBe(true);
  expect(await passwords.verify('other', one)).toBe(false);
});

test('reads hashes of the reference implementation, and reports them as outdated', async () => {
  const reference =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(await passwords.verify('password', reference)).toBe(true);
  expect(await passwords.verify('Password', reference)).toBe(false);
  expect(passwords.isOutdated(reference)).toBe(true);
  expect(passwords.isOutdated(await passwords.hash('password'))).toBe(false);
});

test('the same letters in another Unicode form are the same password', async () => {
  const composed = await passwords.hash('caf\u00e9 \ufb01ve k\u212a');
  expect(await passwords.verify('cafe\u0301 five kK', composed)).toBe(true);
  expect(await passwords.verify('cafe five kK', composed)).toBe(false);
});

test('an unknown user has no matching password, not even the one of the dummy hash', async () => {
  expect(await passwords.verify('', null)).toBe(false);
  expect(await passwords.verify('password', null)).toBe(false);
});

test('a check for an unknown user takes as long as one for a known user', async () => {
  const stored = await passwords.hash('right');
  const times = { unknown: [] as number[], known: [] as number[] };
  // CPU time, and the minimum of many, since other processes make a check slower.
  for (let round = 0; round < 25; round += 1) {
    times.unknown.push(await timeOf(() => passwords.verify('wrong', null)));
    times.known.push(await timeOf(() => passwords.verify('wrong', stored)));
  }
  expect(least(times.unknown)).toBeGreaterThan(least(times.known) / 2);
  expect(least(times.unknown)).toBeLessThan(least(times.known) * 2);
});

/** CPU time in microseconds, of all threads of this process. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function least(times: readonly number[]): number {
  return Math.min(...times);
}

test('an invalid stored form is an error, never a match', async () => {
  await expect(passwords.verify('x', '')).rejects.toThrow(/not an argon2id string/);
  await expect(passwords.verify('x', '$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA')).rejects.toThrow();
});

test('a check beyond the limit of the queue is refused, and the others continue', async () => {
  const stored = await passwords.hash('right');
  const capacity = accessLimits.loginConcurrent + accessLimits.loginWaiting;
  const all = await Promise.allSettled(
    Array.from({ length: capacity + 3 }, () => passwords.verify('right', stored)),
  );
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(3);
  for (const one of refused) {
    expect(one.reason).toMatchObject({
      code: 'too_many_requests',
      headers: { 'retry-after': '1' },
    });
  }
  expect(all.filter((one) => one.status === 'fulfilled' && one.value)).toHaveLength(capacity);
  expect(await passwords.verify('right', stored)).toBe(true);
});

test.each([
  ['alice', 'alicealicealice'],
  ['alice', 'ALICE-alice-1'],
  ['alice', 'aaaaaaaaaaaaaaaaaaaa'],
  ['alice', 'ababababababababab'],
  ['alice', 'elevenchars'],
])('refuses the weak password of %s: %s', (name, password) => {
  expect(() => checkStrength(password, name)).toThrow(Problem);
});

test('accepts any long random password', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const password = `${Buffer.from(bytes).toString('hex')}-zqx`;
      expect(() => checkStrength(password, 'alice')).not.toThrow();
    }),
  );
});
