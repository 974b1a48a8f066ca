/** The same request repeatedly, concurrently and in sequence, and a tag that moves meanwhile. */
import { operations, type Inspection } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  waitForInspection,
  type RegistryInstance,
} from './support/registry-instance.ts';

const { images, inspections, events } = operations;
const times = 14;
let lab: RegistryInstance;

beforeAll(async () => {
  lab = await startWithRegistry({ settings: { concurrency: 2 } });
});
afterAll(() => lab.close());

interface Pushed {
  readonly reference: string;
  readonly digest: string;
  /** How often its own layer was fetched. */
  readonly fetched: () => number;
}

async function push(name: string): Promise<Pushed> {
  const built = await buildApp(name);
  lab.registry.store.putImage(`lab/${name}`, '1', built);
  const top = built.layers.at(-1)?.digest ?? '';
  return {
    reference: `${lab.registry.host}/lab/${name}:1`,
    digest: built.descriptor.digest,
    fetched: () => lab.registry.requests.filter(({ path }) => path.includes(top)).length,
  };
}

function ask(reference: string, key?: string): Promise<Inspection> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return lab.instance.client.call(images.inspect, { body: { reference } }, { headers });
}

async function repeat(
  way: 'at once' | 'one after another',
  request: () => Promise<Inspection>,
): Promise<Inspection[]> {
  if (way === 'at once') return Promise.all(Array.from({ length: times }, request));
  const answers: Inspection[] = [];
  for (let time = 0; time < times; time += 1) {
    const asked = await request();
    answers.push(await waitForInspection(lab.instance.client, asked.id));
  }
  return answers;
}

/** The entries of the audit log and the list, oldest first. */
async function eventsOf(subject: string): Promise<string[]> {
  const query = { limit: 200, type: ['inspection.queued', 'image.inspected'] };
  const { items } = await lab.instance.client.call(events.auditList, { query } as never);
  return items
    .filter((event) => event.subject === subject)
    .map(({ type }) => type)
    .toReversed();
}

test.each([
  ['at once', 'with its key'],
  ['one after another', 'with its key'],
  ['at once', 'without a key'],
] as const)('%s, %s: one inspection', async (way, kind) => {
  const name = `${way} ${kind}`.replaceAll(/[^a-z]/g, '-');
  const { reference, digest, fetched } = await push(name);
  const key = kind === 'with its key' ? name : undefined;
  const answers = await repeat(way, () => ask(reference, key));
  const [id = ''] = new Set(answers.map((one) => one.id));
  expect(new Set(answers.map((one) => one.id)).size).toBe(1);
  const ended = await waitForInspection(lab.instance.client, id);
  expect(ended).toMatchObject({
    state: 'finished',
    attempts: 1,
    images: [{ digest, known: false }],
  });
  expect(fetched()).toBe(1);
  await expect.poll(() => eventsOf(id)).toEqual(['inspection.queued']);
  await expect.poll(() => eventsOf(digest)).toEqual(['image.inspected']);
});

test('sequential requests without a key: one inspection each, and one examination', async () => {
  const { reference, digest, fetched } = await push('each');
  const answers = await repeat('one after another', () => ask(reference));
  expect(new Set(answers.map((one) => one.id)).size).toBe(times);
  expect(answers.map((one) => one.images)).toEqual(
    answers.map((_, at) => [expect.objectContaining({ digest, known: at > 0 })]),
  );
  expect(fetched()).toBe(1);
  await expect.poll(() => eventsOf(digest)).toEqual(['image.inspected']);
});

test('one idempotency key for several references at once: one is accepted, the others are refused', async () => {
  const pushed = await Promise.all(Array.from({ length: times }, (_, at) => push(`other-${at}`)));
  const asked = await Promise.allSettled(pushed.map(({ reference }) => ask(reference, 'several')));
  const given = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = asked.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  expect(given).toHaveLength(1);
  expect(refused).toEqual(
    Array.from({ length: times - 1 }, () =>
      expect.objectContaining({ code: 'idempotency_conflict' }),
    ),
  );
  await waitForInspection(lab.instance.client, given[0]?.id ?? '');
  const { items } = await lab.instance.client.call(inspections.list, { query: { limit: 200 } });
  expect(items.filter(({ reference }) => reference.includes('/lab/other-'))).toHaveLength(1);
});

test('a tag that moves after each request: each image is stored under its own digest', async () => {
  const { client } = lab.instance;
  const built = await Promise.all(['a', 'b', 'c'].map((text) => buildApp(`moving ${text}`)));
  for (const image of built) lab.registry.store.putImage('lab/moving', '1', image);
  const reference = `${lab.registry.host}/lab/moving:1`;
  lab.registry.faults.on('moving-tag');
  try {
    const ended: Inspection[] = [];
    for (let time = 0; time < times; time += 1) {
      ended.push(await inspectAndWait(client, { reference, force: time % 2 === 0 }));
    }
    const digests = ended.map((one) => one.images.map(({ digest }) => digest));
    const turns = built.map(({ descriptor }) => descriptor.digest);
    const first = turns.indexOf(digests[0]?.[0] ?? '');
    expect(digests).toEqual(digests.map((_, at) => [turns[(first + at) % turns.length]]));
  } finally {
    lab.registry.faults.off();
  }
  for (const image of built) {
    const { digest } = image.descriptor;
    const { layers, names } = await client.call(images.show, { params: { digest } });
    expect(names).toEqual([reference]);
    expect(layers.map((layer) => layer.digest)).toEqual(image.layers.map((layer) => layer.digest));
  }
});

test('removed while it is inspected again: present or absent, as in the last event', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('vanishing');
  await inspectAndWait(client, { reference });
  const { id } = await client.call(images.inspect, { body: { reference, force: true } });
  await client.call(images.remove, { params: { digest } });
  await waitForInspection(client, id);
  const shown = await client.call(images.show, { params: { digest } }).catch(() => undefined);
  await expect
    .poll(async () => {
      const query = { limit: 200, type: ['image.inspected', 'image.removed'] };
      const { items } = await client.call(events.auditList, { query } as never);
      return items.find(({ subject }) => subject === digest)?.type;
    })
    .toBe(shown === undefined ? 'image.removed' : 'image.inspected');
});
