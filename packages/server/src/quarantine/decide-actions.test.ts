/** Proposed actions: approval and rejection, and the events of all that a person decides. */
import { eventKinds, subjectSchemas, type EventType } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { transaction } from '../floor/db/index.ts';
import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';
import { insertAction, readAction } from './action-store.ts';
import { approveAction, rejectAction } from './decide-actions.ts';
import { findTarget } from './find-target.ts';
import { readItemRow } from './item-store.ts';
import { purgeItem } from './request-actions.ts';

let lab: QuarantineFixture;
const { signal } = new AbortController();

beforeAll(async () => {
  lab = await startQuarantineFixture(inject('databaseUrl'));
});
beforeEach(() => lab.reset());
afterAll(() => lab.close());

async function propose(repository: string, ...tags: string[]): Promise<string> {
  const image = await buildTiny();
  for (const tag of tags) lab.registry.store.putImage(repository, tag, image);
  const { digest } = image.descriptor;
  const reference = `${lab.registry.host}/${repository}@${digest}`;
  const { registry } = await findTarget(lab.database, 'all', { image: reference });
  return transaction(lab.database, (trx) =>
    insertAction(trx, {
      ...{ kind: 'quarantine', state: 'proposed', registry, repository, digest, item: null },
      ...{ reason: 'malware', actor: 'policy', decision: '0123456789abcdef' },
      ...{ parameters: { confirm: ['1'] }, approvalReason: '10 in the last hour' },
    }),
  );
}

test('a proposed action runs only after a person approved it, and only once', async () => {
  const id = await propose('lab/app', '1', '2');
  expect(await lab.runDue()).toBe(0);
  const decision = { id, reason: 'checked', actor: 'ben', signal };
  await expect(
    approveAction(lab.actions, 'all', { ...decision, confirm: [] }),
  ).rejects.toMatchObject({ code: 'confirmation_required' });
  const approved = await approveAction(lab.actions, 'all', { ...decision, confirm: ['2'] });
  expect(approved).toMatchObject({
    state: 'approved',
    decidedBy: 'ben',
    decisionReason: 'checked',
  });
  await expect(
    approveAction(lab.actions, 'all', { ...decision, confirm: ['2'] }),
  ).rejects.toMatchObject({ code: 'conflict' });
  expect(await lab.runDue()).toBe(1);
  expect(await readAction(lab.database, 'all', id)).toMatchObject({ outcome: 'quarantined' });
  expect(lab.registry.store.repository('lab/app').tags.size).toBe(0);
});

test('a rejected action never runs', async () => {
  const id = await propose('lab/app', '1');
  await rejectAction(lab.database, 'all', { id, reason: 'a test image', actor: 'ben' });
  expect(await lab.runDue()).toBe(0);
  expect(await readAction(lab.database, 'all', id)).toMatchObject({ state: 'rejected' });
  await expect(
    approveAction(lab.actions, 'all', { id, reason: 'x', actor: 'ben', confirm: [], signal }),
  ).rejects.toMatchObject({ message: expect.stringContaining('it is rejected by ben') });
  expect(lab.registry.store.repository('lab/app').tags.size).toBe(1);
});

test('every decision and its result are events with the subject of their kind', async () => {
  await rejectAction(lab.database, 'all', {
    ...{ id: await propose('lab/app', '1'), reason: 'x', actor: 'ben' },
  });
  const image = await buildTiny();
  lab.registry.store.putImage('lab/app', '2', image);
  const reference = `${lab.registry.host}/lab/app:2@${image.descriptor.digest}`;
  const item = await lab.request(reference, { mode: 'block' });
  await lab.runDue();
  await purgeItem(lab.database, await readItemRow(lab.database, 'all', item), {
    ...{ reason: 'x', actor: 'ben' },
  });
  await lab.request(reference);
  lab.registry.store.repository('lab/app').manifests.clear();
  await lab.runDue();
  const events = await lab.database.selectFrom('events').select(['type', 'subject']).execute();
  const types = [...new Set(events.map(({ type }) => type))].toSorted();
  expect(types).toEqual(
    expect.arrayContaining([
      ...['action.approved', 'action.failed', 'action.finished', 'action.proposed'],
      ...['action.rejected', 'image.purged', 'image.quarantined'],
    ]),
  );
  for (const { type, subject } of events) {
    subjectSchemas[eventKinds[type as EventType].subject].parse(subject);
  }
});
