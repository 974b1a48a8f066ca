/** Behaviour of every executor: images, and the lifecycle of a container. */
import { expect, test } from 'vitest';

import { ExecutorError } from './executor.ts';
import type { ContainerExit } from './executor.ts';
import {
  collectTexts,
  expectFailure,
  firstPiece,
  inputFile,
  pieces,
  readLog,
  text,
} from './testing/executor-fixture.ts';
import type { ExecutorFixture } from './testing/executor-fixture.ts';

export function describeImages(fixture: ExecutorFixture): void {
  test('are resolved to the reference for containers', async () => {
    const executor = fixture.open();
    const image = await executor.resolveImage(fixture.image);
    expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(image.sizeBytes).toBeGreaterThan(1_000);
    expect(await executor.ensureImage(image.reference)).toEqual(image);
  });

  test.each(['lazaret-test/absent:1', `sha256:${'0'.repeat(64)}`, '../containers', 'Up Per'])(
    'that are missing are reported as missing: %s',
    async (reference) => {
      await expectFailure(fixture.open().resolveImage(reference), 'image_missing');
    },
  );

  test('that were removed fail the creation of a container', async () => {
    const image = `sha256:${'1'.repeat(64)}`;
    await expectFailure(fixture.open().create(fixture.spec('true', { image })), 'image_missing');
  });
}

export function describeRuns(fixture: ExecutorFixture): void {
  test('gets input files, returns files, and reports its exit', async () => {
    const executor = fixture.open();
    const script = 'cat /in/* > /out/both; mkdir /out/deep; echo x > /out/deep/file; exit 7';
    const files = [inputFile('a b', 'one '), inputFile('ünicode', 'two'), inputFile('empty', '')];
    const containerId = await fixture.begin(executor, fixture.spec(script), files);
    const exit = await executor.wait(containerId);
    expect(exit).toMatchObject({ exitCode: 7, oomKilled: false, error: '' });
    const times = [exit.startedAt, exit.finishedAt].map(Date.parse);
    expect(times.every((time) => time > Date.UTC(2020))).toBe(true);
    expect(await collectTexts(executor, containerId)).toEqual({
      both: 'one two',
      'deep/file': 'x\n',
    });
  });

  test('may have one directory for both', async () => {
    const executor = fixture.open();
    const mounts = { inputMount: '/data', outputMount: '/data' };
    const spec = fixture.spec('cat /data/sample > /data/result', mounts);
    const containerId = await fixture.begin(executor, spec, [inputFile('sample', 'text')]);
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 0 });
    const texts = await collectTexts(executor, containerId, '/data');
    expect(texts).toEqual({ sample: 'text', result: 'text' });
  });

  test('streams large inputs and outputs', async () => {
    const executor = fixture.open();
    const sizeBytes = 6 * 1024 * 1024;
    const chunk = Buffer.alloc(65_536, 'z');
    async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
    }
    const files = [{ name: 'large', sizeBytes, content: content() }];
    const containerId = await fixture.begin(
      executor,
      fixture.spec('cat /in/large > /out/copy'),
      files,
    );
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 0 });
    const texts = await collectTexts(executor, containerId);
    expect(texts['copy'] === 'z'.repeat(sizeBytes)).toBe(true);
  });

  test.each(['../up', 'a/b', '.', '..', ''])('refuses %j as the name of an input', async (name) => {
    const executor = fixture.open();
    const spec = fixture.spec('true');
    const containerId = await fixture.create(executor, spec);
    const put = executor.putInputs(containerId, { spec, files: [inputFile(name, '')] });
    await expect(put).rejects.toThrow('plain file name');
  });
}

export function describeFailing(fixture: ExecutorFixture): void {
  test('does not start when an input is truncated', async () => {
    const executor = fixture.open();
    const spec = fixture.spec('true');
    const containerId = await fixture.create(executor, spec);
    const broken = { name: 'short', sizeBytes: 100_000, content: pieces('only this') };
    const put = executor.putInputs(containerId, { spec, files: [broken] });
    await expect(put).rejects.toThrow('fewer than 100000 bytes');
  });

  test('because its container disappeared is reported, however much is still to be sent', async () => {
    const executor = fixture.open();
    const sizeBytes = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024);
    async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
    }
    const files = [{ name: 'large', sizeBytes, content: content() }];
    const inputs = { spec: fixture.spec('true'), files };
    await expectFailure(executor.putInputs('f'.repeat(64), inputs), 'not_found');
  });

  test('because an input does not fit into its container has the message of the engine', async () => {
    const executor = fixture.open();
    const spec = fixture.spec('true', { inputMount: '/in' });
    const containerId = await fixture.create(executor, spec);
    const other = { ...spec, inputMount: '/etc' };
    const put = executor.putInputs(containerId, { spec: other, files: [inputFile('a', 'b')] });
    const error = await expectFailure(put, 'refused');
    expect(error.message).toMatch(/read-?only/i);
  });

  test('whose program is missing names it in the log', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('', { command: ['/no/such'] }));
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 127 });
    const log = await readLog(executor, containerId);
    expect(log.map(text).join('')).toContain('/no/such');
  });

  test('on a network that does not exist is refused with the reason', async () => {
    const executor = fixture.open();
    const network = 'lazaret-test-no-such-network';
    const containerId = await fixture.create(executor, fixture.spec('true', { network }));
    const error = await executor.start(containerId).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ExecutorError);
    expect(error).toMatchObject({ message: expect.stringContaining(network) });
  });

  test('that exceeds its memory is reported', async () => {
    const executor = fixture.open();
    const script = 'x=$(dd if=/dev/zero bs=1M count=200 | tr "\\0" x); echo done';
    const containerId = await fixture.begin(executor, fixture.spec(`busybox sh -c '${script}'`));
    const exit = await executor.wait(containerId);
    expect(exit.oomKilled).toBe(true);
    expect(exit.exitCode).not.toBe(0);
  });

  test('is created once: the same attempt again is a conflict', async () => {
    const executor = fixture.open();
    const spec = fixture.spec('true');
    await fixture.create(executor, spec);
    await expectFailure(executor.create(spec), 'conflict');
  });
}

export function describeWaiting(fixture: ExecutorFixture): void {
  test('starts while it runs and after it has ended, also in another process', async () => {
    const containerId = await fixture.begin(fixture.open(), fixture.spec('cat /in/* ; exit 3'));
    const other = fixture.open();
    const exits: ContainerExit[] = [await other.wait(containerId), await other.wait(containerId)];
    expect(exits).toMatchObject([{ exitCode: 3 }, { exitCode: 3 }]);
    expect(await fixture.open().wait(containerId)).toEqual(exits[0]);
  });

  test('distinguishes a container that was never started from one that does not exist', async () => {
    const executor = fixture.open();
    const containerId = await fixture.create(executor, fixture.spec('true'));
    await expectFailure(executor.wait(containerId), 'not_started');
    await expectFailure(executor.wait('f'.repeat(64)), 'not_found');
  });

  test('can be aborted without an effect on the container', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('sleep 60'));
    const signal = AbortSignal.timeout(200);
    await expectFailure(executor.wait(containerId, { signal }), 'aborted');
    expect(await executor.sample(containerId)).toMatchObject({ pidsLimit: 32 });
  });

  test('never misses an exit, however short the run', async () => {
    const executor = fixture.open();
    const runs = Array.from({ length: 6 }, async (_, index) => {
      const containerId = await fixture.create(executor, fixture.spec(`exit ${index}`));
      await executor.start(containerId);
      return (await executor.wait(containerId)).exitCode;
    });
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4, 5]);
  });
}

export function describeEnding(fixture: ExecutorFixture): void {
  test('at once, and repeatedly', async () => {
    const executor = fixture.open();
    const containerId = await fixture.begin(executor, fixture.spec('trap "" TERM; sleep 60'));
    await Promise.all([executor.kill(containerId), executor.kill(containerId)]);
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 137 });
    await executor.kill(containerId);
    await executor.remove(containerId);
    await executor.remove(containerId);
    await executor.kill(containerId);
    await executor.stop(containerId, { graceMs: 0 });
    await expectFailure(executor.wait(containerId), 'not_found');
  });

  test('within the grace period', async () => {
    const executor = fixture.open();
    const script =
      'trap "echo bye > /out/last; exit 5" TERM; echo up; while true; do sleep 0.1; done';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    await firstPiece(executor, containerId);
    await executor.stop(containerId, { graceMs: 10_000 });
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 5 });
    expect(await collectTexts(executor, containerId)).toEqual({ last: 'bye\n' });
  });

  test('after the grace period', async () => {
    const executor = fixture.open();
    const script = 'trap "" TERM; echo up; while true; do sleep 0.1; done';
    const containerId = await fixture.begin(executor, fixture.spec(script));
    await firstPiece(executor, containerId);
    await executor.stop(containerId, { graceMs: 1_000 });
    expect(await executor.wait(containerId)).toMatchObject({ exitCode: 137 });
  });

  test('before the start leaves nothing to wait for', async () => {
    const executor = fixture.open();
    const containerId = await fixture.create(executor, fixture.spec('true'));
    await executor.kill(containerId);
    await executor.remove(containerId);
    await expectFailure(executor.start(containerId), 'not_found');
  });
}
