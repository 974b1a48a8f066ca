import { Problem } from '@lazaret/protocol';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { accessLimits } from './limits.ts';
import { addressPlace, createThrottle, defaultPace, type Throttle } from './throttle.ts';

/**
 * A thousand times slower than in production, so that no delay elapses by itself on a busy machine.
 */
const slowness = 1_000;
const pace = {
  ...defaultPace,
  backoffMs: accessLimits.loginBackoffMs * slowness,
  backoffMaxMs: accessLimits.loginBackoffMaxMs * slowness,
  memoryMs: accessLimits.loginMemoryMs * slowness,
};
let database: TestDatabase;
let throttle: Throttle;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.handle.db.deleteFrom('sign_in_failures').execute();
  throttle = createThrottle(database.handle.db, pace);
});

/** How many attempts in a row are allowed; none of them succeeds. */
async function tries(name: string, address: string, count: number): Promise<number> {
  const all = await Promise.allSettled(
    Array.from({ length: count }, () => throttle.begin(name, address)),
  );
  for (const one of all) {
    if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(Problem);
  }
  return all.filter((one) => one.status === 'fulfilled').length;
}

/** Advances the time of all counters. */
async function pass(ms: number): Promise<void> {
  const later = sql`last_at - ${ms} * interval '1 millisecond'`;
  await sql`update sign_in_failures set last_at = ${later}`.execute(database.handle.db);
}

test('a hundred concurrent attempts are a hundred attempts', async () => {
  expect(await tries('alice', '192.0.2.1', 100)).toBe(accessLimits.loginFailuresFree);
});

test('each delay is twice the previous one, up to a maximum, and is sent in Retry-After', async () => {
  await tries('alice', '192.0.2.1', accessLimits.loginFailuresFree);
  const waits: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const refusal = await throttle.begin('alice', '192.0.2.1').catch((error: Problem) => error);
    expect(refusal).toMatchObject({ code: 'too_many_requests', status: 429 });
    waits.push(Number((refusal as Problem).headers['retry-after']));
    await pass(waits.at(-1)! * 1000);
    await throttle.begin('alice', '192.0.2.1');
  }
  const wanted = waits.map((_, round) =>
    Math.min(
      (accessLimits.loginBackoffMs / 1000) * 2 ** round,
      accessLimits.loginBackoffMaxMs / 1000,
    ),
  );
  expect(waits.map((seconds) => Math.round(seconds / slowness))).toEqual(wanted);
});

test('an attempt that is too early does not increase the delay', async () => {
  await tries('alice', '192.0.2.1', accessLimits.loginFailuresFree);
  await tries('alice', '192.0.2.1', 50);
  await pass(pace.backoffMs);
  expect(await tries('alice', '192.0.2.1', 50)).toBe(1);
});

test('another account and another address have separate counters', async () => {
  expect(await tries('alice', '192.0.2.1', 10)).toBe(accessLimits.loginFailuresFree);
  expect(await tries('bob', '192.0.2.1', 10)).toBe(accessLimits.loginFailuresFree);
  expect(await tries('alice', '192.0.2.2', 10)).toBe(accessLimits.loginFailuresFree);
});

test('one address that tries many names is throttled as well', async () => {
  let through = 0;
  for (let account = 0; account < 50; account += 1) {
    through += await tries(`name-${account}`, '192.0.2.1', 1);
  }
  expect(through).toBe(accessLimits.loginFailuresFreePerAddress);
  expect(await tries('name-1', '192.0.2.2', 1)).toBe(1);
});

test('an attempt refused for its account does not count for its address', async () => {
  await tries('alice', '192.0.2.1', 100);
  const { failures } = await database.handle.db
    .selectFrom('sign_in_failures')
    .select(sql<number>`max(failures)`.as('failures'))
    .executeTakeFirstOrThrow();
  expect(failures).toBe(accessLimits.loginFailuresFree);
});

test('success resets the account for this address, and only its own attempt of the address', async () => {
  await tries('alice', '192.0.2.1', 3);
  const right = await throttle.begin('alice', '192.0.2.1');
  await right.succeeded();
  expect(await tries('alice', '192.0.2.1', 10)).toBe(accessLimits.loginFailuresFree);
  // An attacker with an account does not reset the address by signing in.
  for (let account = 0; account < 17; account += 1) await tries(`name-${account}`, '192.0.2.1', 1);
  expect(await tries('bob', '192.0.2.1', 1)).toBe(0);
});

test('an attempt that was not checked does not count', async () => {
  for (let round = 0; round < 40; round += 1) {
    await (await throttle.begin('alice', '192.0.2.1')).undo();
  }
  expect(await tries('alice', '192.0.2.1', 10)).toBe(accessLimits.loginFailuresFree);
});

test('after an hour without an attempt all counters are removed, also on disk', async () => {
  await tries('alice', '192.0.2.1', 10);
  await pass(pace.memoryMs + 1_000);
  expect(await tries('alice', '192.0.2.1', 10)).toBe(accessLimits.loginFailuresFree);
  await pass(pace.memoryMs + 1_000);
  await throttle.sweep();
  expect(await database.handle.db.selectFrom('sign_in_failures').select('key').execute()).toEqual(
    [],
  );
});

test('the number of counters is limited, the newest are kept', async () => {
  await sql`insert into sign_in_failures (key, failures, last_at)
    select 'old ' || n, 9, now() - interval '1 minute'
    from generate_series(1, ${accessLimits.loginMemoryRows}) n`.execute(database.handle.db);
  await tries('alice', '192.0.2.1', 10);
  await throttle.sweep();
  const { rows } = await sql<{ count: number; kept: number }>`
    select count(*) as count, count(*) filter (where key not like 'old %') as kept
    from sign_in_failures`.execute(database.handle.db);
  expect(rows).toEqual([{ count: accessLimits.loginMemoryRows, kept: 2 }]);
});

test('counters apply to a process that starts later, under keys that reveal nothing', async () => {
  await tries('hunter2-typed-as-name', '192.0.2.1', 10);
  throttle = createThrottle(database.handle.db, pace);
  expect(await tries('hunter2-typed-as-name', '192.0.2.1', 1)).toBe(0);
  const rows = await database.handle.db.selectFrom('sign_in_failures').selectAll().execute();
  expect(rows.every((row) => /^[0-9a-f]{64}$/.test(row.key))).toBe(true);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:00a1::', '2001:db8:0:a1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('the address %s counts as %s', (address, place) => {
  expect(addressPlace(address)).toBe(place);
});

test('all addresses of one /64 network are equal, in any notation', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const four = fc.tuple(group, group, group, group);
  fc.assert(
    fc.property(four, four, four, (network, one, two) => {
      const write = (groups: readonly number[], width: number): string =>
        groups.map((each) => each.toString(16).padStart(width, '0')).join(':');
      const short = new URL(`http://[${write([...network, ...two], 1)}]`).hostname.slice(1, -1);
      const place = addressPlace(write([...network, ...one], 4));
      expect(addressPlace(short)).toBe(place);
      expect(place).toBe(`${write(network, 1)}::/64`);
    }),
  );
});
