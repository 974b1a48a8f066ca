/** Leases on inspections: write access and expiry. */
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { newId } from '../floor/ids.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { cancelInspection } from './cancel-inspection.ts';
import { InspectionLease, type LeaseParts } from './inspection-lease.ts';
import { inspectionLimits } from './limits.ts';
import { readInspection } from './read-inspections.ts';
import { openInspectionQueue, type InspectionQueue } from './queue.ts';
import { requestInspection } from './request-inspection.ts';
import { InspectionLostError } from './store-report.ts';

let database: TestDatabase;
let queue: InspectionQueue;
let parts: LeaseParts;

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

async function claim(id: string): Promise<InspectionLease> {
  const lease = await InspectionLease.claim(parts, id);
  if (lease === undefined) throw new Error('the inspection cannot be claimed');
  return lease;
}

const read = (id: string) => readInspection(database.handle.db, 'all', id);

test('concurrent requests for one reference queue one inspection', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => request('lab/same:1')));
  expect(new Set(ids).size).toBe(1);
  await (await claim(ids[0]!)).finish([]);
  expect(await request('lab/same:1')).not.toBe(ids[0]);
});

test('one idempotency key creates one inspection, also with concurrent requests', async () => {
  const ids = await Promise.all([request('lab/key:1', 'k'), request('lab/key:1', 'k')]);
  expect(ids[0]).toBe(ids[1]);
});

test('writes of an inspector whose lease was acquired by another one change nothing', async () => {
  const id = await request();
  const late = await claim(id);
  const now = await claim(id);
  await expect(late.finish([])).rejects.toThrow(InspectionLostError);
  await expect(late.requeue()).rejects.toThrow(InspectionLostError);
  expect(await read(id)).toMatchObject({ state: 'running', attempts: 2 });
  await now.finish([]);
  expect(await read(id)).toMatchObject({ state: 'finished' });
  expect(await InspectionLease.claim(parts, id)).toBeUndefined();
});

test('an inspection whose lease expired is queued again, and fails after too many attempts', async () => {
  const id = await request();
  for (let attempt = 1; attempt <= inspectionLimits.attempts; attempt += 1) {
    await claim(id);
    expect(await read(id)).toMatchObject({ state: 'running', attempts: attempt });
    await sql`update inspections set lease_until = now() - interval '1 second' where id = ${id}`.execute(
      database.handle.db,
    );
    expect(await read(id)).toMatchObject({ state: 'queued', progress: { phase: 'waiting' } });
  }
  expect(await InspectionLease.claim(parts, id)).toBeUndefined();
  expect(await read(id)).toMatchObject({ state: 'failed', problem: { code: 'lost' } });
});

test('a queued inspection is cancelled at once, and its task leaves the queue', async () => {
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
