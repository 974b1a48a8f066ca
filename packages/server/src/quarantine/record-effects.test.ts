/** Effects of decisions: each once, with approval where the grounds or the limits ask for it. */
import type { DecidedAction, DecidedRule, JudgedImage } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { newId } from '../floor/ids.ts';
import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';
import { listActions } from './action-store.ts';
import { weakGrounds } from './check-grounds.ts';
import { readEffects } from './read-effects.ts';
import { recordEffects } from './record-effects.ts';

let lab: QuarantineFixture;

beforeAll(async () => {
  lab = await startQuarantineFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  await sql`truncate decisions, decisions_in_force`.execute(lab.database);
  await lab.reset();
});
afterAll(() => lab.close());

const malware: DecidedRule = {
  ...{ id: 'malware', severity: 'critical', effect: 'fail', state: 'matched' },
  ...{ message: null, reason: null, image: null },
  evidence: [{ from: 'findings', total: 1, items: [{ class: 'malware', scanner: 'clamav' }] }],
};
const removal: DecidedAction = {
  ...{ action: 'quarantine', state: 'apply', reason: null, rules: ['malware'], perHour: 2 },
};
const judged: JudgedImage = {
  ...{ digest: 'sha256:x', platform: null, inspection: newId(), inspectedAt: '', fingerprint: '' },
  ...{ inspected: 'malicious', verdict: 'fail', action: 'quarantine' },
};

interface Given {
  readonly digest: string;
  readonly tags?: readonly string[];
  readonly actions?: readonly DecidedAction[];
  readonly rules?: readonly DecidedRule[];
}

/** A decision in force about a digest in `lab/app`. */
async function decide({ digest, tags = ['1'], actions = [removal], rules = [malware] }: Given) {
  const { database } = lab;
  const registry = await database.selectFrom('registries').selectAll().executeTakeFirstOrThrow();
  const id = newId();
  const action = actions.findLast(({ state }) => state === 'apply')?.action ?? 'none';
  await database
    .insertInto('decisions')
    .values({
      ...{ id, project: 'default', registry: registry.id, registry_name: registry.name },
      ...{ repository: 'lab/app', digest, tags: [...tags], arrival: id, trigger: 'arrival' },
      ...{ policy_name: 'strict', policy_version: 3, policy_sha256: '0', inspected: 'malicious' },
      ...{ verdict: 'fail', action, reasons: ['malware matched'], previous: null },
      ...{ actions: JSON.stringify(actions), rules: JSON.stringify(rules), exceptions: '[]' },
      ...{ images: JSON.stringify([judged]), approved_by: 'policy', caused_by: 'watcher' },
    })
    .execute();
  await database
    .insertInto('decisions_in_force')
    .values({
      ...{ registry: registry.id, repository: 'lab/app', digest, decision: id, action },
      ...{ verdict: 'fail', project: 'default', is_part: false, images: [], revision: 1 },
      ...{ arrival: id, problem: null, outcome: id },
    })
    .onConflict((row) =>
      row.columns(['registry', 'repository', 'digest']).doUpdateSet({ decision: id, action }),
    )
    .execute();
  return id;
}

async function push(...tags: string[]): Promise<string> {
  const image = await buildTiny();
  for (const tag of tags) lab.registry.store.putImage('lab/app', tag, image);
  return image.descriptor.digest;
}

async function effectOf(decision: string) {
  return (await readEffects(lab.database, [decision])).get(decision);
}

async function actionsNow() {
  const { items } = await listActions(lab.database, 'all', { limit: 200 });
  return items.toReversed();
}

test('a decision in force becomes one action, which takes the image out with its tags', async () => {
  const digest = await push('1', '2');
  const decision = await decide({ digest, tags: ['1', '2'] });
  expect(await effectOf(decision)).toMatchObject({ state: 'waiting', action: null });
  expect(await recordEffects(lab.actions)).toBe(1);
  expect(await recordEffects(lab.actions)).toBe(0);
  expect(await effectOf(decision)).toMatchObject({ state: 'waiting', item: expect.any(String) });
  await lab.runDue();
  expect(await effectOf(decision)).toMatchObject({ state: 'done', detail: null });
  expect(await actionsNow()).toMatchObject([
    {
      ...{ kind: 'quarantine', state: 'done', outcome: 'quarantined', origin: 'policy', decision },
      reason: 'policy strict version 3: malware matched',
    },
  ]);
  expect(lab.registry.store.repository('lab/app').tags.size).toBe(0);
  // A newer decision about what is in quarantine asks for nothing more.
  const newer = await decide({ digest });
  expect(await recordEffects(lab.actions)).toBe(0);
  expect(await effectOf(newer)).toMatchObject({ state: 'done', action: null });
});

test('dry runs, and what is withheld, have no effect', async () => {
  const digest = await push('1');
  for (const state of ['dry-run', 'withheld'] as const) {
    const decision = await decide({ digest, actions: [{ ...removal, state }] });
    expect(await recordEffects(lab.actions)).toBe(0);
    expect(await effectOf(decision)).toBeUndefined();
  }
});

test('above the limit of an hour a person has to approve', async () => {
  const digests = [await push('1'), await push('2'), await push('3'), await push('4')];
  for (const [at, digest] of digests.entries()) await decide({ digest, tags: [`${at + 1}`] });
  await Promise.all([recordEffects(lab.actions), recordEffects(lab.actions)]);
  await lab.runDue();
  const found = await actionsNow();
  expect(found.map(({ state }) => state)).toEqual(['done', 'done', 'proposed', 'proposed']);
  expect(found[2]?.approvalReason).toBe('2 without a person in the last hour (limit 2)');
  expect([...lab.registry.store.repository('lab/app').tags.keys()]).toEqual(['3', '4']);
});

test('tags that the decision does not name are not removed without a person', async () => {
  const digest = await push('1', 'stable');
  await decide({ digest, tags: ['1'] });
  await recordEffects(lab.actions);
  await lab.runDue();
  expect(await actionsNow()).toMatchObject([
    {
      ...{ state: 'proposed', item: null },
      approvalReason: 'more would be removed than was decided: stable',
    },
  ]);
  expect(lab.registry.store.repository('lab/app').tags.size).toBe(2);
});

test('what a person released is not taken out again without a person', async () => {
  const digest = await push('1');
  const first = await decide({ digest });
  await recordEffects(lab.actions);
  await lab.runDue();
  const [done] = await actionsNow();
  await lab.release(done?.item ?? '');
  await lab.runDue();
  expect(await effectOf(first)).toMatchObject({ state: 'released', item: done?.item });
  const second = await decide({ digest });
  await recordEffects(lab.actions);
  await lab.runDue();
  expect(await effectOf(second)).toMatchObject({
    ...{ state: 'proposed', item: null, detail: expect.stringContaining('ana released it') },
  });
  const found = await actionsNow();
  expect(found.at(-1)).toMatchObject({
    state: 'proposed',
    approvalReason: expect.stringContaining('ana released it before'),
  });
  expect(lab.registry.store.repository('lab/app').tags.get('1')).toBe(digest);
});

test('an action whose decision was replaced before it began is withdrawn', async () => {
  const digest = await push('1');
  const replaced = await decide({ digest });
  await recordEffects(lab.actions);
  await decide({ digest, actions: [] });
  await recordEffects(lab.actions);
  expect(await effectOf(replaced)).toMatchObject({ state: 'withdrawn' });
  expect(await lab.runDue()).toBe(0);
  const [action] = await actionsNow();
  expect(action).toMatchObject({ state: 'rejected', decidedBy: 'policy' });
  expect((await lab.show(action?.item ?? '')).state).toBe('failed');
  expect(lab.registry.store.repository('lab/app').tags.get('1')).toBe(digest);
});

const finding = (item: object, total = 1): DecidedRule => ({
  ...malware,
  evidence: [{ from: 'findings', total, items: [item] }],
});
const partial: JudgedImage = { ...judged, inspected: 'incomplete' };
const absence: DecidedRule = { ...malware, evidence: [] };

test.each<[string, Partial<Parameters<typeof weakGrounds>[0]>, string | undefined]>([
  ['malware', {}, undefined],
  ['similarity only', { rules: [finding({ class: 'similar' })] }, 'only matched by similarity'],
  [
    'a known tool only',
    { rules: [finding({ class: 'dual-use', scanner: 'hash-set' })] },
    'only matched by similarity or a known tool',
  ],
  ['similar findings among others', { rules: [finding({ class: 'similar' }, 2)] }, undefined],
  ['a partial image without a finding', { rules: [absence], images: [partial] }, 'not everything'],
  ['a partial image with malware', { images: [partial] }, undefined],
  ['an error', { rules: [{ ...malware, state: 'error' }] }, 'no rule of the decision matched'],
  ['another rule', { rules: [{ ...malware, id: 'other' }] }, 'no rule of the decision matched'],
  ['an incomplete verdict', { verdict: 'incomplete' }, 'the verdict is incomplete'],
])('grounds of %s', (_, given, expected) => {
  const decision = { verdict: 'fail', rules: [malware], images: [judged], ...given };
  const found = weakGrounds(decision, removal);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(expected);
});

test('weak grounds in a decision are caught again, and a person has to approve', async () => {
  const digest = await push('1');
  await decide({ digest, rules: [finding({ class: 'similar' })] });
  await recordEffects(lab.actions);
  expect(await lab.runDue()).toBe(0);
  expect((await actionsNow())[0]?.approvalReason).toContain('only matched by similarity');
});
