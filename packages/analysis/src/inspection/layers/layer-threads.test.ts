// Not in the quick check: threads are started.
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

import type { InspectionReport } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { buildImage } from '../../testing/image-builder.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { inspect } from '../inspect.ts';
import { LayerThreads } from './layer-threads.ts';

const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(8)}\n-----END RSA PRIVATE KEY-----\n`;

let threads: LayerThreads;
const started: Worker[] = [];
const count = (worker: Worker): void => void started.push(worker);

beforeEach(() => {
  threads = new LayerThreads({ keeps: true });
  started.length = 0;
  process.on('worker', count);
});
afterEach(async () => {
  process.off('worker', count);
  await threads.close();
});

async function reportOf(secrets: boolean): Promise<InspectionReport> {
  const image = await buildImage({
    layers: [{ entries: [{ path: 'root/id_rsa', content: Buffer.from(key) }] }],
  });
  const options = { toolVersion: '1', now: () => 0, parallel: 1, scanners: { secrets }, threads };
  const [report] = await inspect(memorySource(image), options);
  if (report === undefined) throw new Error('an image without its report');
  return report;
}

test('one thread examines image after image, each with the scanners of its inspection', async () => {
  threads.prepare();
  for (const secrets of [true, false, true]) {
    const { findings, coverage } = await reportOf(secrets);
    expect(findings).toHaveLength(secrets ? 1 : 0);
    expect(coverage.layers).toMatchObject({ examined: 1, missing: 0 });
  }
  expect(started).toHaveLength(1);
});

test('a kept thread that ended is replaced', async () => {
  await reportOf(true);
  const [first] = started;
  if (first === undefined) throw new Error('no thread was started');
  const ended = once(first, 'exit');
  await first.terminate();
  await ended;
  expect((await reportOf(true)).coverage.layers).toMatchObject({ examined: 1, missing: 0 });
  expect(started).toHaveLength(2);
});

test('after the end no thread remains, and none is started', async () => {
  threads.prepare();
  await expect.poll(() => started.length, { interval: 1 }).toBe(1);
  await threads.close();
  expect(started[0]?.threadId).toBe(-1);
  threads.prepare();
  await nextTurn();
  expect(started).toHaveLength(1);
});
