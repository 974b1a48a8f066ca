import { canonicalJson, hashAuditEntry, verifyChain, type AuditEntry } from '@lazaret/protocol';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { appendEvents } from './append.ts';
import { auditReader, listAudit, readAudit, verifyAudit } from './audit.ts';
import { createOutbox } from './outbox.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

/** Ten audited events, and as many others, copied by the reader. */
beforeEach(async () => {
  const { db } = database.handle;
  await sql`truncate events, event_readers, audit`.execute(db);
  for (let number = 1; number <= 10; number += 1) {
    await appendEvents(db, [
      { type: 'job.moved', subject: `job-${number}`, actor: 'worker' },
      {
        type: number % 2 === 0 ? 'user.created' : 'engine.added',
        subject: `subject-${number}`,
        actor: 'alice',
        data: { number, nested: { b: [1.5, -0, 1e21], a: 'é\u2028"\\' }, empty: {} },
      },
    ]);
  }
  await copy(10);
});

async function copy(count: number): Promise<void> {
  const stop = new AbortController();
  const outbox = createOutbox({
    database: database.handle.db,
    log: pino({ level: 'silent' }),
    signal: stop.signal,
  });
  outbox.runReaders([auditReader()]);
  await expect.poll(async () => (await all()).length, { timeout: 20_000 }).toBe(count);
  stop.abort();
}

async function all(): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of readAudit(database.handle.db)) entries.push(entry);
  return entries;
}

test('audited events are copied once and in order, others not at all', async () => {
  const entries = await all();
  expect(entries.map((entry) => entry.subject)).toEqual(
    Array.from({ length: 10 }, (_, index) => `subject-${index + 1}`),
  );
  expect(entries.map((entry) => entry.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(await verifyAudit(database.handle.db)).toMatchObject({ intact: true, entries: 10 });
});

test('a reader that lost its position copies nothing twice', async () => {
  await sql`truncate event_readers`.execute(database.handle.db);
  const { db } = database.handle;
  await appendEvents(db, [{ type: 'user.removed', subject: 'last', actor: 'alice' }]);
  await copy(11);
  expect(await verifyAudit(db)).toMatchObject({ intact: true, entries: 11 });
});

test('an export is verified without the server, and its hash is as documented', async () => {
  const lines = (await all()).map((entry) => JSON.stringify(entry));
  const entries = lines.map((line) => JSON.parse(line) as AuditEntry);
  const verdict = await verifyChain(entries);
  expect(verdict).toMatchObject({ intact: true, entries: 10, head: entries.at(-1)?.hash });
  const { hash, previous, ...rest } = entries[3] as AuditEntry;
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(previous + canonicalJson(rest)));
  expect(Buffer.from(digest).toString('hex')).toBe(hash);
});

test.each([
  ['a field changed', `update audit set actor = 'mallory' where number = 4`, 4],
  ['data changed', `update audit set data = data || '{"number": 99}' where number = 6`, 6],
  ['time changed', `update audit set at = at + interval '1 millisecond' where number = 2`, 2],
  ['an entry removed', `delete from audit where number = 5`, 5],
  ['the first removed', `delete from audit where number = 1`, 1],
  [
    'two entries swapped',
    `update audit set number = case number when 3 then 30 else 3 end where number in (3, 7);
     update audit set number = 7 where number = 30`,
    3,
  ],
  [
    'removed and renumbered',
    `delete from audit where number = 5; update audit set number = number - 1 where number > 5`,
    5,
  ],
  ['cut off at the end', `delete from audit where number > 7`, 8],
  ['emptied', `delete from audit`, 1],
])('%s: the check reports the position', async (_, tampering, brokenAt) => {
  await database.handle.pool.query(tampering);
  const verdict = await verifyAudit(database.handle.db);
  expect(verdict).toMatchObject({ intact: false, brokenAt });
});

test('a chain that was hashed again from the start is detected by a saved head', async () => {
  const entries = await all();
  const kept = entries.at(-1)?.hash ?? '';
  const forged: AuditEntry[] = [];
  for (const { hash: _, ...entry } of entries) {
    const changed = { ...entry, previous: forged.at(-1)?.hash ?? entry.previous };
    if (entry.number === 4) changed.actor = 'mallory';
    forged.push({ ...changed, hash: await hashAuditEntry(changed) });
  }
  expect(await verifyChain(forged)).toMatchObject({ intact: true });
  expect(await verifyChain(forged, kept)).toMatchObject({ intact: false });
  expect(await verifyChain(entries.slice(0, 8), kept)).toMatchObject({
    intact: false,
    brokenAt: 9,
  });
  expect(await verifyChain(entries, entries[4]?.hash)).toMatchObject({ intact: true });
});

test.each([
  ['not an object', 'text'],
  ['null', null],
  ['a field too many', { extra: true }],
  ['a field too few', { actor: undefined }],
  ['a wrong type', { number: '1' }],
])('an export line that is %s is a broken entry, never an error', async (_, change) => {
  const [first] = await all();
  const line = typeof change === 'object' && change !== null ? { ...first, ...change } : change;
  expect(await verifyChain([line])).toMatchObject({ intact: false, brokenAt: 1, entries: 0 });
});

test('the list pages newest first, filtered', async () => {
  const { db } = database.handle;
  const first = await listAudit(db, { type: ['user.created'] }, { limit: 3, before: undefined });
  expect(first.items.map((entry) => entry.number)).toEqual([10, 8, 6]);
  const second = await listAudit(
    db,
    { type: ['user.created'] },
    { limit: 3, before: Number(first.next) },
  );
  expect(second).toMatchObject({ next: null });
  expect(second.items.map((entry) => entry.number)).toEqual([4, 2]);
  const none = await listAudit(db, { actor: 'nobody' }, { limit: 3, before: undefined });
  expect(none).toEqual({ items: [], next: null });
});
