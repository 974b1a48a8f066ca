/** Responses of engines that cannot run on this machine. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import type { Executor } from './executor.ts';
import { executorLimits } from './limits.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly delayMs?: number;
}

interface FakeEngine {
  readonly executor: Executor;
  readonly paths: string[];
}

/** An engine that responds by the path after the version. */
async function engine(
  answers: Readonly<Record<string, () => Answer>>,
  options: { readonly apiVersion?: string; readonly now?: () => number } = {},
): Promise<FakeEngine> {
  const { apiVersion = '1.51', now = Date.now } = options;
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/v1\.\d+/, '');
    paths.push(path);
    const known = answers[path.split('?')[0] ?? ''];
    const version: Answer = { body: { ApiVersion: apiVersion, MinAPIVersion: '1.24' } };
    const { status = 200, body, delayMs = 0 } = path === '/version' ? version : (known?.() ?? none);
    setTimeout(() => response.writeHead(status).end(JSON.stringify(body)), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const executor = createDockerExecutor({ address: `tcp://127.0.0.1:${port}`, now });
  closers.push(async () => {
    await executor.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { executor, paths };
}

const none: Answer = { status: 404, body: { message: 'no such thing' } };

const info = {
  ServerVersion: '29.0.0',
  NCPU: 16,
  MemTotal: 64e9,
  CgroupVersion: '2',
  Runtimes: { runsc: { path: '/usr/bin/runsc' }, runc: {} },
  DefaultRuntime: 'runc',
  SecurityOptions: [
    'name=apparmor',
    'name=seccomp,profile=builtin',
    'name=rootless',
    'name=cgroupns',
  ],
  Driver: 'btrfs',
  SystemTime: '2026-01-01T00:00:10.5Z',
  Warnings: null,
};

describe('facts', () => {
  test('of a rootless engine on cgroup v2', async () => {
    const now = (): number => Date.UTC(2026, 0, 1);
    const { executor } = await engine({ '/info': () => ({ body: info }) }, { now });
    expect(await executor.probe()).toMatchObject({
      version: '29.0.0',
      apiVersion: '1.51',
      cpus: 16,
      cgroupVersion: 2,
      runtimes: ['runc', 'runsc'],
      seccomp: 'default',
      rootless: true,
      userNamespaces: true,
      storageQuota: true,
      clockSkewMs: 10_500,
      warnings: [],
    });
  });

  test.each([
    ['none', []],
    ['none', ['name=seccomp,profile=unconfined']],
    ['other', ['name=seccomp,profile=/etc/docker/own.json']],
  ] as const)('seccomp %s from %o', async (seccomp, SecurityOptions) => {
    const body = { ...info, SecurityOptions };
    const { executor } = await engine({ '/info': () => ({ body }) });
    expect(await executor.probe()).toMatchObject({ seccomp, rootless: false });
  });
});

describe('a sample', () => {
  const stats = (body: unknown): Promise<FakeEngine> =>
    engine({ '/containers/abcdef/stats': () => ({ body }) });

  test('of cgroup v2, which has no peak and reports no limit as the largest number', async () => {
    const { executor } = await stats({
      memory_stats: { usage: 5_000, limit: 9_000, stats: { inactive_file: 2_000 } },
      cpu_stats: { cpu_usage: { total_usage: 2_500_000_000 } },
      pids_stats: { current: 3, limit: 18_446_744_073_709_552_000 },
    });
    expect(await executor.sample('abcdef')).toEqual({
      memoryBytes: 3_000,
      memoryPeakBytes: 3_000,
      cpuSeconds: 2.5,
      pids: 3,
      pidsLimit: 0,
    });
  });

  test('of cgroup v1, which has the peak', async () => {
    const { executor } = await stats({
      memory_stats: { usage: 5_000, max_usage: 8_000, stats: { total_inactive_file: 1_000 } },
      cpu_stats: { cpu_usage: { total_usage: 0 } },
      pids_stats: { current: 1, limit: 32 },
    });
    const wanted = { memoryBytes: 4_000, memoryPeakBytes: 8_000, pidsLimit: 32 };
    expect(await executor.sample('abcdef')).toMatchObject(wanted);
  });

  test('of a container that has ended is undefined', async () => {
    const cpu_stats = { cpu_usage: { total_usage: 0 } };
    const { executor } = await stats({ memory_stats: {}, cpu_stats, pids_stats: {} });
    expect(await executor.sample('abcdef')).toBeUndefined();
  });
});

describe('use of the disk', () => {
  const volume = (attempt: string, role: string, Size: number): unknown => ({
    Labels: { 'io.lazaret.attempt': attempt, 'io.lazaret.role': role },
    UsageData: { Size },
  });
  const Volumes = [
    volume('a', 'output', 10),
    volume('a', 'input', 1_000),
    volume('b', 'output', -1),
    { Labels: null, UsageData: null },
  ];

  test('is requested once, for volumes only if the engine supports it', async () => {
    for (const [apiVersion, path] of [
      ['1.51', '/system/df?type=volume'],
      ['1.41', '/system/df'],
    ] as const) {
      const answers = { '/system/df': () => ({ body: { Volumes } }) };
      const { executor, paths } = await engine(answers, { apiVersion });
      const usages = await Promise.all([
        executor.outputUsage(['a', 'b', 'c']),
        executor.outputUsage(['a']),
      ]);
      expect(usages).toEqual([new Map([['a', 10]]), new Map([['a', 10]])]);
      expect(paths.filter((each) => each.startsWith('/system'))).toEqual([path]);
    }
  });

  test('is requested less often the longer the engine takes', async () => {
    let atMs = 0;
    const answer = (): Answer => {
      atMs += 200;
      return { body: { Volumes } };
    };
    const { executor, paths } = await engine({ '/system/df': answer }, { now: () => atMs });
    const questions = (): number => paths.filter((each) => each.startsWith('/system')).length;
    await executor.outputUsage(['a']);
    atMs += 200 * executorLimits.usageCostFactor - 1;
    expect(await executor.outputUsage(['a'])).toEqual(new Map([['a', 10]]));
    expect(questions()).toBe(1);
    atMs += 1;
    await executor.outputUsage(['a']);
    expect(questions()).toBe(2);
  });

  test('uses the last response while the engine refuses, and fails when it is unavailable', async () => {
    let atMs = 0;
    const answers: Answer[] = [
      { body: { Volumes } },
      { status: 500, body: { message: 'a disk usage operation is already running' } },
    ];
    const next = (): Answer => answers.shift() ?? none;
    const { executor } = await engine({ '/system/df': next }, { now: () => atMs });
    expect(await executor.outputUsage(['a'])).toEqual(new Map([['a', 10]]));
    atMs += 1_000_000;
    expect(await executor.outputUsage(['a'])).toEqual(new Map([['a', 10]]));
    await closers.splice(0)[0]?.();
    atMs += 1_000_000;
    await expect(executor.outputUsage(['a'])).rejects.toMatchObject({ code: 'unreachable' });
  });
});
