import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { openDatabase } from '../db/index.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { appendEvents } from './append.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { beginning, formatCursor, isAfter, parseCursor } from './position.ts';
import type { StoredEvent } from './store.ts';

let database: TestDatabase;
let stop: AbortController;
let outbox: Outbox;
let running: Promise<void>;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

beforeEach(() => {
  stop = new AbortController();
  outbox = createOutbox({ database: database.handle.db, log, signal: stop.signal });
  running = outbox.run();
});
afterEach(async () => {
  stop.abort();
  await running;
});

function say(subject: string, number: number, project: string | null = 'default'): Promise<void> {
  const event = { type: 'job.moved', subject, actor: 'test', project, data: { number } } as const;
  return appendEvents(database.handle.db, [event]);
}

async function take(count: number, options: TakeOptions = {}): Promise<StoredEvent[]> {
  const { filter = {}, after, leave = new AbortController() } = options;
  const got: StoredEvent[] = [];
  for await (const event of outbox.subscribe({ filter, after, signal: leave.signal })) {
    got.push(event);
    if (got.length === count) break;
  }
  return got;
}

interface TakeOptions {
  readonly filter?: Parameters<Outbox['subscribe']>[0]['filter'];
  readonly after?: string | undefined;
  readonly leave?: AbortController;
}

test('a subscriber gets events committed after its start, in order, without duplicates', async () => {
  await say('before', 0);
  const got = take(3, { filter: { subject: 'a' } });
  await expect.poll(() => outbox.subscribers).toBe(1);
  for (const number of [1, 2, 3]) await say('a', number);
  outbox.wake();
  expect((await got).map((event) => event.data['number'])).toEqual([1, 2, 3]);
});

test('an event that commits late is neither skipped nor out of order', async () => {
  const got = take(2, { filter: { subject: 'late' } });
  await expect.poll(() => outbox.subscribers).toBe(1);
  let commit = (): void => undefined;
  const gate = new Promise<void>((resolve) => (commit = resolve));
  let drawn = (): void => undefined;
  const isDrawn = new Promise<void>((resolve) => (drawn = resolve));
  const slow = database.handle.db.transaction().execute(async (open) => {
    await appendEvents(open, [{ type: 'job.moved', subject: 'late', actor: 'slow' }]);
    drawn();
    await gate;
  });
  // The second draws a higher id and commits first.
  await isDrawn;
  await appendEvents(database.handle.db, [{ type: 'job.moved', subject: 'late', actor: 'quick' }]);
  outbox.wake();
  await sleep(100);
  commit();
  await slow;
  expect((await got).map((event) => event.actor)).toEqual(['slow', 'quick']);
});

test('with concurrent writers, delays and changing readers all see the same order, each event once', async () => {
  const subjects = ['s0', 's1', 's2', 's3', 's4', 's5'];
  const perSubject = 40;
  const total = subjects.length * perSubject;
  const filter = { types: ['job.submitted'] } as const;
  const start = (await outbox.read(beginning, {}, 10_000)).position;
  const resuming = Array.from({ length: 4 }, async (_, reader) => {
    const seen: StoredEvent[] = [];
    while (seen.length < total) {
      const after = seen.at(-1)?.cursor ?? formatCursor(start);
      const some = Math.min(total - seen.length, 1 + ((reader * 7 + seen.length) % 23));
      seen.push(...(await take(some, { filter, after })));
    }
    return seen;
  });
  const steady = take(total, { filter, after: formatCursor(start) });
  const writers = subjects.map(async (subject, writer) => {
    for (let number = 0; number < perSubject; number += 1) {
      await database.handle.db.transaction().execute(async (open) => {
        await appendEvents(open, [
          { type: 'job.submitted', subject, actor: 'w', data: { number } },
        ]);
        await sleep((writer * 5 + number * 3) % 17);
      });
      outbox.wake();
    }
  });
  await Promise.all(writers);
  const [reference, ...others] = await Promise.all([steady, ...resuming]);
  const cursors = reference?.map((event) => event.cursor) ?? [];
  expect(new Set(cursors).size).toBe(total);
  for (const other of others) expect(other.map((event) => event.cursor)).toEqual(cursors);
  for (const subject of subjects) {
    const numbers = reference?.filter((event) => event.subject === subject);
    expect(numbers?.map((event) => event.data['number'])).toEqual([...Array(perSubject).keys()]);
  }
});

test('a subscriber slower than the window is served from the database and misses nothing', async () => {
  const total = 2_300;
  const events = outbox.subscribe({ filter: { subject: 'flood' }, signal: stop.signal });
  const first = events.next();
  await expect.poll(() => outbox.subscribers).toBe(1);
  await say('flood', 0);
  outbox.wake();
  expect((await first).value?.data['number']).toBe(0);
  const rows = Array.from({ length: total }, (_, index) => ({
    type: 'job.moved' as const,
    subject: 'flood',
    actor: 'w',
    data: { number: index + 1 },
  }));
  await appendEvents(database.handle.db, rows);
  outbox.wake();
  await sleep(300);
  for (let number = 1; number <= total; number += 1) {
    expect((await events.next()).value?.data['number']).toBe(number);
  }
  await events.return();
});

test('filters are equivalent in the database and in memory', async () => {
  for (const [subject, project] of [
    ['f', 'default'],
    ['f', null],
    ['g', 'default'],
    ['f', 'other'],
  ] as const) {
    if (project === 'other') {
      await sql`insert into projects (name) values ('other') on conflict do nothing`.execute(
        database.handle.db,
      );
    }
    await say(subject, 0, project);
  }
  // Transactions of other tests that are open delay what can be read.
  await expect.poll(async () => (await outbox.read(beginning, {}, 10_000)).held).toBe(false);
  const { position } = await outbox.read(beginning, {}, 10_000);
  const listening = take(2, { filter: { subject: 'f', projects: ['other'], instance: true } });
  await expect.poll(() => outbox.subscribers).toBe(1);
  await say('f', 1, null);
  await say('f', 2, 'default');
  await say('f', 3, 'other');
  outbox.wake();
  expect((await listening).map((event) => event.data['number'])).toEqual([1, 3]);
  const page = await outbox.read(position, { subject: 'f', projects: ['other'] }, 10);
  expect(page.events.map((event) => event.data['number'])).toEqual([1, 3]);
  const scoped = await outbox.read(position, { projects: ['other'], instance: false }, 10);
  expect(scoped.events.map((event) => event.data['number'])).toEqual([3]);
});

test('events committed between a read and the first iteration of the loop are delivered without delay', async () => {
  const fresh = createOutbox({ database: database.handle.db, log, signal: stop.signal });
  const events = fresh.subscribe({ filter: { subject: 'gap' }, signal: stop.signal });
  const first = events.next();
  await expect.poll(() => fresh.subscribers).toBe(1);
  await sleep(200);
  // The subscriber has read and waits; the loop starts after this event.
  await say('gap', 1);
  const turning = fresh.run();
  expect((await first).value?.data['number']).toBe(1);
  stop.abort();
  await turning;
});

test('lost connections delay delivery, and lose nothing', async () => {
  const got = take(3, { filter: { subject: 'lost' } });
  await expect.poll(() => outbox.subscribers).toBe(1);
  await say('lost', 1);
  const other = await openDatabase({ url: database.url });
  await other.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await other.close();
  for (const number of [2, 3]) {
    await expect
      .poll(() =>
        say('lost', number).then(
          () => 'said',
          () => 'lost',
        ),
      )
      .toBe('said');
  }
  expect((await got).map((event) => event.data['number'])).toEqual([1, 2, 3]);
});

test('an abort ends a waiting subscription, and the loop is idle without subscribers', async () => {
  const leave = new AbortController();
  const got = take(1, { filter: { subject: 'nobody' }, leave });
  await expect.poll(() => outbox.subscribers).toBe(1);
  leave.abort();
  expect(await got).toEqual([]);
  expect(outbox.subscribers).toBe(0);
});

test.each(['', 'x', '1', '1.', '1.1.1', '-1.2', '1.2 ', 'zzzzzzzzzzzzz.1', '1.zzzzzzzzzzzzz'])(
  'the cursor %j is refused',
  async (cursor) => {
    await expect(take(1, { after: cursor })).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

test('a cursor of another database is refused instead of waiting forever', async () => {
  const after = formatCursor({ transaction: 10n ** 15n, id: 1n });
  await expect(take(1, { after })).rejects.toMatchObject({ code: 'invalid_request' });
});

test('cursors round-trip and keep the order', () => {
  const position = fc.record({
    transaction: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    id: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  });
  fc.assert(
    fc.property(position, position, (a, b) => {
      expect(parseCursor(formatCursor(a))).toEqual(a);
      expect(isAfter(a, b) && isAfter(b, a)).toBe(false);
    }),
  );
});

test('characters that PostgreSQL cannot store do not fail the change that the event reports', async () => {
  const [event] = await Promise.all([
    take(1, { filter: { types: ['engine.refused'] } }),
    expect
      .poll(() => outbox.subscribers)
      .toBe(1)
      .then(() =>
        appendEvents(database.handle.db, [
          { type: 'engine.refused', subject: 'a\0b', actor: '\ud800', data: { name: '\0\udfff' } },
        ]),
      )
      .then(() => outbox.wake()),
  ]).then(([events]) => events);
  expect(event?.subject).toBe('a\u{2400}b');
  expect(event?.data).toEqual({ name: '\u{2400}\u{fffd}' });
});
