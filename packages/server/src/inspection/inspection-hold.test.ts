/** Who holds an inspection, and what becomes of those that no longer do. */
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { newId } from '../floor/ids.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { cancelInspection } from './cancel-inspection.ts';
import { InspectionHold, type HoldParts } from './inspection-hold.ts';
import { inspectionLimits } from './limits.ts';
import { readInspection } from './read-inspections.ts';
import { openInspectionQueue, type InspectionQueue } from './queue.ts';
import { requestInspection } from './request-inspection.ts';
import { InspectionLostError } from './store-report.ts';

let database: TestDatabase;
let queue: InspectionQueue;
let parts: HoldParts;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const log = pino({ level: 'silent' });
  queue = await openInspectionQueue({ url: database.url, log, supervise: false });
  parts = { database: database.handle.db, log, onChange: () => undefined };
});
afterAll(async () => {
  await queue.close();
  await database.drop();
});

function request(reference: string = newId(), idempotencyKey?: string): Promise<string> {
  const body = { reference, platform: 'default', force: false };
  const { db } = database.handle;
  const context = { database: db, queue, project: 'default', actor: 'alice', idempotencyKey };
  return requestInspection(body, context);
}

async function take(id: string): Promise<InspectionHold> {
  const hold = await InspectionHold.take(parts, id);
  if (hold === undefined) throw new Error('there was nothing to take');
  return hold;
}

const read = (id: string) => readInspection(database.handle.db, 'all', id);

test('the same reference is queued once while it waits, by however many at once', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => request('lab/same:1')));
  expect(new Set(ids).size).toBe(1);
  await (await take(ids[0]!)).finish([]);
  expect(await request('lab/same:1')).not.toBe(ids[0]);
});

test('one key makes one inspection, also when it comes twice at once', async () => {
  const ids = await Promise.all([request('lab/key:1', 'k'), request('lab/key:1', 'k')]);
  expect(ids[0]).toBe(ids[1]);
});

test('what an inspector writes after another one took over changes nothing', async () => {
  const id = await request();
  const late = await take(id);
  const now = await take(id);
  await expect(late.finish([])).rejects.toThrow(InspectionLostError);
  await expect(late.putBack()).rejects.toThrow(InspectionLostError);
  expect(await read(id)).toMatchObject({ state: 'running', attempts: 2 });
  await now.finish([]);
  expect(await read(id)).toMatchObject({ state: 'finished' });
  expect(await InspectionHold.take(parts, id)).toBeUndefined();
});

test('one whose inspector is gone shows as waiting, and after so many it has failed', async () => {
  const id = await request();
  for (let attempt = 1; attempt <= inspectionLimits.attempts; attempt += 1) {
    await take(id);
    expect(await read(id)).toMatchObject({ state: 'running', attempts: attempt });
    await sql`update inspections set lease_until = now() - interval '1 second' where id = ${id}`.execute(
      database.handle.db,
    );
    expect(await read(id)).toMatchObject({ state: 'queued', progress: { phase: 'waiting' } });
  }
  expect(await InspectionHold.take(parts, id)).toBeUndefined();
  expect(await read(id)).toMatchObject({ state: 'failed', problem: { code: 'lost' } });
});

test('what waits is cancelled at once, and its task is gone from the queue', async () => {
  const id = await request();
  const { db } = database.handle;
  await cancelInspection({ database: db, queue }, id, 'alice');
  await cancelInspection({ database: db, queue }, id, 'alice');
  expect(await read(id)).toMatchObject({ state: 'cancelled' });
  const { rows } = await sql<{ state: string }>`
    select j.state::text from lazaret_queue.job j join inspections i on i.queue_id = j.id
    where i.id = ${id}`.execute(db);
  expect(rows).toEqual([{ state: 'cancelled' }]);
  const events = await db.selectFrom('events').select('type').where('subject', '=', id).execute();
  expect(events.map(({ type }) => type)).toEqual(['inspection.queued', 'inspection.cancelled']);
});
