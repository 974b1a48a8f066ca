/** What `lazaret status` says about the quarantine: space, failed actions, no watcher. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { testPrincipal } from '../testing/http-server.ts';
import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';
import { quarantineSlice } from './slice.ts';

let lab: QuarantineFixture;

beforeAll(async () => {
  lab = await startQuarantineFixture(inject('databaseUrl'));
});
beforeEach(() => lab.reset());
afterAll(() => lab.close());

function slice() {
  const none = async (): Promise<void> => undefined;
  const parts = { ...lab.actions, onEvents: () => undefined, wake: () => undefined, changed: none };
  return quarantineSlice(parts);
}

async function missing() {
  return (await slice().health?.missing?.()) ?? [];
}

async function request(): Promise<string> {
  const image = await buildTiny();
  lab.registry.store.putImage('lab/app', '1', image);
  return lab.request(`${lab.registry.host}/lab/app:1@${image.descriptor.digest}`);
}

test('nothing is missing while actions run and there is space', async () => {
  await request();
  expect(await missing()).toEqual([]);
  await lab.runDue();
  expect(await missing()).toEqual([]);
});

test('evidence that nearly fills the space is reported', async () => {
  await request();
  await lab.runDue();
  lab.actions.spaceBytes = 500;
  expect(await missing()).toMatchObject([
    { part: 'quarantine', detail: expect.stringContaining('of 500 bytes') },
  ]);
});

test('a failed action is reported until a newer one about the same image follows', async () => {
  const item = await request();
  lab.registry.faults.on('digest-mismatch');
  await lab.runDue();
  lab.registry.faults.off();
  const { action } = await lab.show(item);
  expect(await missing()).toMatchObject([
    { part: `action ${action?.id}`, advice: expect.stringContaining('lazaret actions show') },
  ]);
  const { digest } = await lab.show(item);
  await lab.request(`${lab.registry.host}/lab/app:1@${digest}`);
  await lab.runDue();
  expect(await missing()).toEqual([]);
});

test('approved actions that no process runs are reported', async () => {
  await request();
  await lab.database
    .updateTable('actions')
    .set({ retry_at: new Date(0) })
    .execute();
  expect(await missing()).toMatchObject([
    { part: 'registry actions', detail: 'No process runs 1 approved action.' },
  ]);
});

test('the overview counts proposed actions and quarantined images of the projects of the caller', async () => {
  const item = await request();
  await lab.runDue();
  await lab.database
    .updateTable('actions')
    .set({ state: 'proposed' })
    .where('item', '=', item)
    .execute();
  const { project } = await lab.show(item);
  const count = (of: string | null) => {
    const grant = { role: 'viewer' as const, project: of };
    return slice().overview?.(testPrincipal('vera', [grant]));
  };
  const both = { quarantine: { proposed: 1, quarantined: 1 } };
  expect(await Promise.all([count(null), count(project)])).toEqual([both, both]);
  expect(await count('other')).toEqual({ quarantine: { proposed: 0, quarantined: 0 } });
  const nobody = testPrincipal('nobody', []);
  expect(await slice().overview?.(nobody)).toEqual({});
});
