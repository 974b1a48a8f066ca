/**
 * `node bench/jobs/bench.ts [jobs]`: the overhead of Lazaret over bare containers. One run measures
 * both, alternating, on the same engine with the same flags: identical short jobs through Lazaret,
 * and the same containers driven straight through the Docker API at the best of several
 * concurrencies.
 *
 * Throughput: jobs per second from the first submission to the last end. Added latency: the median
 * of one job after another, submission to end seen by the client, less that of bare containers.
 * "bare" does what a job needs and nothing else: create, input in, start, wait, result out, remove.
 */
import { cpus, release, totalmem } from 'node:os';
import { writeFile } from 'node:fs/promises';

import { engineManifest, isFinal, operations, type JobDetail } from '@lazaret/protocol';

import { createDockerExecutor } from '../../packages/server/src/executors/index.ts';
import { containerSpec } from '../../packages/server/src/jobs/container-spec.ts';
import { startInstance, type Instance } from '../../test/support/instance.ts';

const jobs = Number(process.argv[2] ?? 48);
const rounds = 3;
const concurrencies = [1, 2, 4, 8];
const sequential = 15;
const input = Buffer.from('bench\n');

const manifest = engineManifest.parse({
  name: 'bench',
  image: 'lazaret/base-busybox:latest',
  command: ['/bin/cp', '/in/input', '/out/result'],
  input: { name: 'input' },
  output: { result: 'result' },
  resources: { memory: '64MiB', cpus: 0.25, pids: 16, tmp: '1MiB' },
});

const executor = createDockerExecutor({
  address: 'unix:///var/run/docker.sock',
  now: Date.now,
  startsAtOnce: Math.max(...concurrencies),
});
let serial = 0;

/** One container from create to remove, with the flags of the product; milliseconds. */
async function runBare(): Promise<number> {
  const begin = performance.now();
  const task = {
    attempt: `bench${process.pid}x${(serial += 1)}`,
    fence: '',
    number: 1,
    job: 'bench',
    engine: 'bench',
    state: 'placed',
    manifest,
    image: manifest.image,
    inputs: [],
    parameters: {},
    timeLimitMs: manifest.timeLimit * 1_000,
    waitMs: 0,
    ranMs: 0,
  };
  const spec = containerSpec(task, { image: manifest.image, instance: 'bench' });
  const { containerId } = await executor.create(spec);
  await executor.putInputs(containerId, {
    spec,
    files: [{ name: 'input', sizeBytes: input.length, content: once(input) }],
  });
  await executor.start(containerId);
  const { exitCode } = await executor.wait(containerId);
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}`);
  let files = 0;
  for await (const entry of executor.collect(containerId, { path: '/out', limits: tarLimits })) {
    for await (const chunk of entry.content) files += chunk.length > 0 ? 1 : 0;
  }
  if (files === 0) throw new Error('the container produced no result');
  const ended = performance.now() - begin;
  await executor.remove(containerId);
  return ended;
}

const tarLimits = {
  entries: 100,
  totalBytes: 2 ** 20,
  entryBytes: 2 ** 20,
  pathBytes: 4096,
  paxBytes: 65_536,
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function bareThroughput(concurrency: number): Promise<number> {
  const begin = performance.now();
  let left = jobs;
  const lane = async (): Promise<void> => {
    while ((left -= 1) >= 0) await runBare();
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return jobs / ((performance.now() - begin) / 1000);
}

async function submit(instance: Instance, sha256: string): Promise<JobDetail> {
  return instance.client.call(operations.jobs.submit, {
    body: { engine: 'bench', inputs: [{ sha256 }] },
  });
}

async function settle(instance: Instance, id: string): Promise<JobDetail> {
  for (;;) {
    const job = await instance.client.call(operations.jobs.show, {
      params: { id },
      query: { waitSeconds: 30 },
    });
    if (isFinal(job.state)) return job;
  }
}

async function lazaretThroughput(instance: Instance, sha256: string): Promise<number> {
  const begin = performance.now();
  const submitted = await Promise.all(Array.from({ length: jobs }, () => submit(instance, sha256)));
  const ended = await Promise.all(submitted.map((job) => settle(instance, job.id)));
  const seconds = (performance.now() - begin) / 1000;
  const failed = ended.filter((job) => job.state !== 'succeeded');
  if (failed.length > 0)
    throw new Error(`${failed.length} jobs failed: ${failed[0]?.outcome?.detail}`);
  return jobs / seconds;
}

async function lazaretLatency(
  instance: Instance,
  sha256: string,
): Promise<{ ms: number; job: JobDetail }> {
  const begin = performance.now();
  const job = await settle(instance, (await submit(instance, sha256)).id);
  return { ms: performance.now() - begin, job };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const phases = [
  'waitMs',
  'pullMs',
  'createMs',
  'inputMs',
  'startMs',
  'runMs',
  'collectMs',
] as const;

async function main(): Promise<void> {
  const instance = await startInstance();
  try {
    await instance.client.call(operations.engines.add, {
      body: { manifest },
    });
    const artifact = await instance.client.call(operations.artifacts.upload, { body: input });
    await executor.probe();
    for (let warm = 0; warm < 3; warm += 1) {
      await runBare();
      await lazaretLatency(instance, artifact.sha256);
    }
    const bare = new Map(concurrencies.map((one) => [one, [] as number[]]));
    const through: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const [concurrency, rates] of bare) rates.push(await bareThroughput(concurrency));
      through.push(await lazaretThroughput(instance, artifact.sha256));
    }
    const bareMs: number[] = [];
    const lazaret: { ms: number; job: JobDetail }[] = [];
    for (let turn = 0; turn < sequential; turn += 1) {
      bareMs.push(await runBare());
      lazaret.push(await lazaretLatency(instance, artifact.sha256));
    }
    await report({ bare, through, bareMs, lazaret });
  } finally {
    await instance.close();
    await executor.close();
  }
}

async function report(measured: {
  readonly bare: ReadonlyMap<number, readonly number[]>;
  readonly through: readonly number[];
  readonly bareMs: readonly number[];
  readonly lazaret: readonly { readonly ms: number; readonly job: JobDetail }[];
}): Promise<void> {
  const rates = [...measured.bare].map(([concurrency, list]) => ({
    concurrency,
    rate: median(list),
  }));
  const best = rates.reduce((a, b) => (b.rate > a.rate ? b : a));
  const rate = median(measured.through);
  const bareMs = median(measured.bareMs);
  const lazaretMs = median(measured.lazaret.map((one) => one.ms));
  const telemetry = measured.lazaret.map((one) => one.job.attemptList[0]?.telemetry);
  const lines = [
    `# bench/jobs`,
    '',
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}; ${jobs} jobs a round, ${rounds} rounds, medians`,
    '',
    '| what | jobs/s | of the best bare |',
    '|---|--:|--:|',
    ...rates.map(
      (one) =>
        `| bare containers, ${one.concurrency} at once | ${one.rate.toFixed(2)} | ${percent(one.rate / best.rate)} |`,
    ),
    `| through Lazaret | ${rate.toFixed(2)} | **${percent(rate / best.rate)}** |`,
    '',
    '| one after another | median ms |',
    '|---|--:|',
    `| bare container | ${bareMs.toFixed(1)} |`,
    `| job through Lazaret, submission to end seen by the client | ${lazaretMs.toFixed(1)} |`,
    `| added | **${(lazaretMs - bareMs).toFixed(1)}** |`,
    '',
    '| phase of a job | median ms |',
    '|---|--:|',
    ...phases.map(
      (phase) =>
        `| ${phase.replace('Ms', '')} | ${median(telemetry.map((one) => one?.[phase] ?? 0)).toFixed(1)} |`,
    ),
    '',
  ];
  const text = lines.join('\n');
  process.stdout.write(text);
  await writeFile(new URL('RESULTS.md', import.meta.url), text);
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

await main();
