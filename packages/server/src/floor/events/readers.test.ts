import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { appendEvents } from './append.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { beginning } from './position.ts';
import type { EventReader } from './readers.ts';
import { rebaseEvents } from './rebase.ts';
import { readEvents, type StoredEvent } from './store.ts';

let database: TestDatabase;
let stop: AbortController;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

function open(): Outbox {
  return createOutbox({ database: database.handle.db, log, signal: stop.signal });
}

async function say(subject: string, count = 1): Promise<void> {
  const event = { type: 'job.moved', subject, actor: 'test' } as const;
  const events = Array.from({ length: count }, (_, number) => ({ ...event, data: { number } }));
  await appendEvents(database.handle.db, events);
}

function collect(name: string, subject: string, extra: Partial<EventReader> = {}) {
  const seen: unknown[] = [];
  const reader: EventReader = {
    name,
    start: 'beginning',
    giveUpAfter: 'never',
    handle: async (events) => {
      for (const event of events) if (event.subject === subject) seen.push(event.data['number']);
    },
    ...extra,
  };
  return { seen, reader };
}

test('a restarted reader resumes at its position', async () => {
  await say('again', 5);
  const first = collect('again', 'again');
  open().runReaders([first.reader]);
  await expect.poll(() => first.seen).toEqual([0, 1, 2, 3, 4]);
  await expect.poll(() => position('again')).toBeDefined();
  stop.abort();
  await say('again', 2);
  stop = new AbortController();
  const second = collect('again', 'again');
  const outbox = open();
  outbox.runReaders([second.reader]);
  await expect.poll(() => second.seen).toEqual([0, 1]);
  expect(await outbox.readers[0]?.lagSeconds()).toBe(0);
});

async function position(name: string): Promise<unknown> {
  const found = await database.handle.db
    .selectFrom('event_readers')
    .select('id')
    .where('name', '=', name)
    .execute();
  return found[0];
}

test('two processes with one reader handle each event once', async () => {
  const a = collect('shared', 'shared');
  const b = collect('shared', 'shared', {});
  open().runReaders([a.reader]);
  open().runReaders([b.reader]);
  for (let round = 0; round < 20; round += 1) await say('shared', 10);
  await expect.poll(() => a.seen.length + b.seen.length, { timeout: 20_000 }).toBe(200);
});

// In the legacy system one bad record killed the loop that read it, at every start.
test('a failing event blocks only its own reader and is retried until it succeeds', async () => {
  let failures = 0;
  const bad = collect('bad', 'poison', {
    handle: async (events) => {
      for (const event of events) {
        if (event.subject === 'poison' && event.data['number'] === 1 && failures < 3) {
          failures += 1;
          throw new Error('planted');
        }
        if (event.subject === 'poison') bad.seen.push(event.data['number']);
      }
    },
  });
  const good = collect('good', 'poison');
  const outbox = open();
  outbox.runReaders([bad.reader, good.reader]);
  await say('poison', 3);
  outbox.wake();
  await expect.poll(() => good.seen).toEqual([0, 1, 2]);
  // At least once: events before the failing one in its batch are handled again.
  await expect.poll(() => bad.seen.slice(-2), { timeout: 20_000 }).toEqual([1, 2]);
  expect(failures).toBe(3);
});

test('an event is skipped after the maximum attempts, and those after it are read', async () => {
  let tries = 0;
  const { seen, reader } = collect('limited', 'limited', { giveUpAfter: 2 });
  const handle: EventReader['handle'] = async (events, transaction) => {
    const isBad = (event: StoredEvent): boolean =>
      event.subject === 'limited' && event.data['number'] === 0;
    // Only counted when handled alone: in a batch it is unknown which one failed.
    if (events.some(isBad) && events.length === 1) tries += 1;
    if (events.some(isBad)) throw new Error('planted');
    await reader.handle(events, transaction);
  };
  open().runReaders([{ ...reader, handle }]);
  await say('limited', 2);
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual([1]);
  expect(tries).toBe(2);
});

test('an idle reader writes nothing', async () => {
  const { reader } = collect('idle', 'idle');
  await say('idle');
  const outbox = open();
  outbox.runReaders([reader]);
  await expect.poll(() => position('idle')).toBeDefined();
  await expect.poll(async () => (await outbox.readers[0]?.lagSeconds()) ?? 1).toBe(0);
  const before = await transactionsGiven();
  for (let turn = 0; turn < 5; turn += 1) {
    const beat = outbox.readers[0]?.loop.lastBeatMs ?? 0;
    outbox.wake();
    await expect.poll(() => outbox.readers[0]?.loop.lastBeatMs ?? 0).toBeGreaterThan(beat);
  }
  expect(await rowVersion('idle')).toBe(before);
});

async function transactionsGiven(): Promise<unknown> {
  return rowVersion('idle');
}

async function rowVersion(name: string): Promise<unknown> {
  const { rows } = await sql<{ version: string }>`
    select xmin::text as version from event_readers where name = ${name}`.execute(
    database.handle.db,
  );
  return rows[0]?.version;
}

test('events of a restored database keep their order and are read by readers that had not read them', async () => {
  const { db } = database.handle;
  // Row by row: truncating would deadlock with readers of previous tests.
  await sql`delete from event_readers`.execute(db);
  await sql`delete from events`.execute(db);
  const far = 10n ** 12n;
  for (const [place, subject] of ['x', 'y', 'z'].entries()) {
    await sql`insert into events (transaction, type, subject, actor)
      values (${String(far + BigInt(place))}::xid8, 'job.moved', ${subject}, 'old')`.execute(db);
  }
  await sql`insert into event_readers (name, transaction, id)
    select 'behind', transaction, id from events where subject = 'x'
    union all select 'ahead', ${String(far * 2n)}::xid8, 0`.execute(db);
  const hidden = await readEvents(db, { after: beginning, filter: {}, limit: 10 });
  expect(hidden.events).toEqual([]);

  expect(await rebaseEvents(db)).toBe(true);
  expect(await rebaseEvents(db)).toBe(false);
  await say('new');
  const subjects = async (name: string): Promise<string[]> => {
    const { rows } = await sql<{ transaction: string; id: string }>`
      select transaction::text, id::text from event_readers where name = ${name}`.execute(db);
    const after = { transaction: BigInt(rows[0]?.transaction ?? 0), id: BigInt(rows[0]?.id ?? 0) };
    const page = await readEvents(db, { after, filter: {}, limit: 10 });
    return page.events.map((event) => event.subject);
  };
  // Transactions of other test files, in other databases, delay the horizon for a moment.
  await expect.poll(() => subjects('behind')).toEqual(['y', 'z', 'new']);
  expect(await subjects('ahead')).toEqual(['new']);
  const all = await readEvents(db, { after: beginning, filter: {}, limit: 10 });
  expect(all.events.map((event) => event.subject)).toEqual(['x', 'y', 'z', 'new']);
});
