/** Behaviour of every executor: observing a container from outside. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';

import {
  bounds,
  expectFailure,
  firstPiece,
  inputFile,
  readLog,
  text,
} from './testing/executor-fixture.ts';
import type { ExecutorFixture } from './testing/executor-fixture.ts';
import { labelNames } from './profile.ts';

export function describeLogs(fixture: ExecutorFixture): void {
  test('arrive while it runs, by stream', async () => {
    const executor = fixture.open();
    const script = 'echo first; while [ ! -e /tmp/go ]; do sleep 0.05; done';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    const piece = await firstPiece(executor, containerId);
    expect(text(piece)).toBe('first\n');
    expect(piece.stream).toBe('stdout');
  });

  test('are the same after the end, and resume after a position', async () => {
    const executor = fixture.open();
    const script = 'echo one; echo two >&2; printf "\\033[31mthree\\000"; head -c 40000 /dev/zero';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    await executor.wait(containerId);
    const all = await readLog(executor, containerId);
    expect(all.filter(({ stream }) => stream === 'stderr').map(text)).toEqual(['two\n']);
    const out = all
      .filter(({ stream }) => stream === 'stdout')
      .map(text)
      .join('');
    expect(out).toBe(`one\n\u001b[31mthree\0${'\0'.repeat(40_000)}`);
    for (const [index, { position }] of all.entries()) {
      const rest = await readLog(executor, containerId, position);
      expect(rest.map(text)).toEqual(all.slice(index + 1).map(text));
    }
  });

  test('are awaited, chunk by chunk', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('echo 1; echo 2; echo 3'));
    let inside = 0;
    await executor.followLogs(containerId, {
      onChunk: async () => {
        inside += 1;
        expect(inside).toBe(1);
        await pause(20);
        inside -= 1;
      },
    });
  });

  test('can be aborted', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('sleep 60'));
    const signal = AbortSignal.timeout(200);
    await expectFailure(executor.followLogs(containerId, { signal, onChunk: () => {} }), 'aborted');
  });

  test('of a missing container are not found', async () => {
    const follow = fixture.open().followLogs('f'.repeat(64), { onChunk: () => {} });
    await expectFailure(follow, 'not_found');
  });
}

export function describeWatching(fixture: ExecutorFixture): void {
  test('its resource usage, while it runs', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('while true; do :; done'));
    const first = await executor.sample(containerId);
    await pause(300);
    const second = await executor.sample(containerId);
    expect(first).toMatchObject({ pidsLimit: 32 });
    expect(second?.memoryBytes).toBeGreaterThan(0);
    expect(second?.memoryPeakBytes).toBeGreaterThanOrEqual(second?.memoryBytes ?? 0);
    expect(second?.cpuSeconds).toBeGreaterThan(first?.cpuSeconds ?? 0);
    await executor.kill(containerId);
    await executor.wait(containerId);
    expect(await executor.sample(containerId)).toBeUndefined();
    expect(await executor.sample('f'.repeat(64))).toBeUndefined();
  });

  test('its disk usage', async () => {
    const executor = fixture.open();
    const script =
      'head -c 3000000 /dev/zero > /out/a; head -c 2000000 /dev/zero > /out/b; sleep 60';
    const spec = fixture.spec(script);
    await fixture.begin(executor, spec, [inputFile('large', 'x'.repeat(1_000_000))]);
    const { attempt } = spec.labels;
    await expect
      .poll(async () => (await executor.outputUsage([attempt, 'other'])).get(attempt), {
        timeout: 20_000,
        interval: 200,
      })
      .toBeGreaterThanOrEqual(5_000_000);
    const usage = await executor.outputUsage([attempt, 'other']);
    expect(usage.get(attempt)).toBeLessThan(5_900_000);
    expect(usage.has('other')).toBe(false);
  });
}

export function describeFinding(fixture: ExecutorFixture): void {
  test('containers by their labels, in every state', async () => {
    const executor = fixture.open();
    const job = randomUUID();
    const specs = ['sleep 60', 'exit 0', 'true'].map((script) => {
      const spec = fixture.spec(script);
      return { ...spec, labels: { ...spec.labels, job } };
    });
    const [running = '', finished = '', fresh = ''] = [
      await fixture.begin(executor, specs[0] ?? fixture.spec('')),
      await fixture.begin(executor, specs[1] ?? fixture.spec('')),
      await fixture.create(executor, specs[2] ?? fixture.spec('')),
    ];
    await executor.wait(finished);
    const found = await fixture.open().list({ [labelNames.job]: job });
    const states = new Map(found.map(({ containerId, state }) => [containerId, state]));
    expect(states).toEqual(
      new Map([
        [running, 'running'],
        [finished, 'ended'],
        [fresh, 'created'],
      ]),
    );
    const attempts = found.map(({ labels }) => labels[labelNames.attempt]).sort();
    expect(attempts).toEqual(specs.map(({ labels }) => labels.attempt).sort());
    expect(await executor.list({ [labelNames.job]: randomUUID() })).toEqual([]);
  });
}

export function describeCollecting(fixture: ExecutorFixture): void {
  test('has links and FIFOs with their types, and can be aborted early', async () => {
    const executor = fixture.open();
    const script =
      'ln -s /etc/passwd /out/soft; mkfifo /out/pipe; echo > /out/file; ln /out/file /out/hard';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    await executor.wait(containerId);
    const types = new Map<string, string>();
    for await (const { path, type } of executor.collect(containerId, {
      path: '/out',
      limits: bounds,
    })) {
      types.set(path, type);
    }
    expect(Object.fromEntries(types)).toMatchObject({ soft: 'symlink', pipe: 'fifo' });
    expect([types.get('file'), types.get('hard')].sort()).toEqual(['file', 'hardlink']);
    for await (const entry of executor.collect(containerId, { path: '/out', limits: bounds })) {
      if (entry.type === 'symlink') break;
    }
  });

  test('stops at a limit before the bytes arrive', async () => {
    const executor = fixture.open();
    const script = 'dd if=/dev/zero of=/out/hole bs=1 count=0 seek=7M';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    await executor.wait(containerId);
    const limits = { ...bounds, entryBytes: 1_000_000 };
    const entries = executor.collect(containerId, { path: '/out', limits });
    await expect(Array.fromAsync(entries)).rejects.toMatchObject({ code: 'entry_too_large' });
  });

  test('of a missing directory or container is not found', async () => {
    const executor = fixture.open();
    const containerId = await fixture.create(executor, fixture.spec('true'));
    for (const id of [containerId, 'f'.repeat(64)]) {
      const entries = executor.collect(id, { path: '/nowhere', limits: bounds });
      await expectFailure(Array.fromAsync(entries), 'not_found');
    }
  });
}
