/** Inspections survive their server, killed during one or stopped. */
import { operations, type Inspection } from '@lazaret/protocol';
import { afterEach, expect, test } from 'vitest';

import type { Instance } from './support/instance.ts';
import {
  buildApp,
  startWithRegistry,
  waitForInspection,
  type RegistryInstance,
} from './support/registry-instance.ts';

const { images, inspections } = operations;
let last: RegistryInstance | undefined;

afterEach(() => last?.close());
/** A stopped heartbeat is detected, and its task is delayed before it is delivered again. */
const timeoutMs = 180_000;

async function begin(): Promise<{ lab: RegistryInstance; asked: Inspection; digest: string }> {
  const lab = await startWithRegistry();
  last = lab;
  const built = await buildApp('survives');
  lab.registry.store.putImage('lab/survives', '1', built);
  lab.registry.faults.on('stalled-body');
  const body = { reference: `${lab.registry.host}/lab/survives:1` };
  const asked = await lab.instance.client.call(images.inspect, { body });
  await expect
    .poll(() => stateOf(lab.instance, asked.id), { timeout: 30_000 })
    .toMatchObject({ state: 'running' });
  return { lab, asked, digest: built.descriptor.digest };
}

function stateOf(instance: Instance, id: string): Promise<Inspection> {
  return instance.client.call(inspections.show, { params: { id } });
}

async function startAgain({ instance, registry }: RegistryInstance): Promise<Instance> {
  const { dataDirectory } = instance;
  registry.faults.off();
  last = await startWithRegistry({ dataDirectory, registry });
  return last.instance;
}

test(
  'kill -9 during an inspection: another attempt finishes it, and nothing is done twice',
  { timeout: timeoutMs },
  async () => {
    const { lab, asked, digest } = await begin();
    await lab.instance.kill();
    const instance = await startAgain(lab);
    const ended = await waitForInspection(instance.client, asked.id);
    expect(ended).toMatchObject({
      state: 'finished',
      attempts: 2,
      images: [{ digest, known: false }],
    });
    const { items } = await instance.client.call(images.list, {});
    expect(items.map((one) => one.digest)).toEqual([digest]);
  },
);

test(
  'a stop requeues the inspection without counting an attempt',
  { timeout: timeoutMs },
  async () => {
    const { lab, asked, digest } = await begin();
    expect(await lab.instance.stop()).toBe(0);
    const instance = await startAgain(lab);
    const ended = await waitForInspection(instance.client, asked.id);
    expect(ended).toMatchObject({ state: 'finished', attempts: 1, images: [{ digest }] });
  },
);
