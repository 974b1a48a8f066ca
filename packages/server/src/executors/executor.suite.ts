/** What every executor must do. Run it on each, on the real engine. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';

import { ExecutorError } from './executor.ts';
import type { ContainerExit, Executor, ExecutorErrorCode, InputFile, LogPiece } from './executor.ts';
import { labelNames } from './profile.ts';
import type { ContainerSpec } from './profile.ts';

export interface ExecutorSubject {
  /** A fresh executor on the same engine each time; the suite closes it. */
  createExecutor(): Executor;
  /** A reference to an image with a POSIX shell and busybox's programs. */
  readonly image: string;
  /** A small spec that runs a shell line in that image. */
  spec(shell: string, changes?: Partial<ContainerSpec>): ContainerSpec;
}

const bounds = {
  entries: 1_000,
  totalBytes: 2 ** 26,
  entryBytes: 2 ** 25,
  pathBytes: 4_096,
  paxBytes: 65_536,
};

/** Runs the suite; `subject` is asked for inside the tests. */
export function describeExecutor(subject: () => ExecutorSubject): void {
  const opened: Executor[] = [];
  const made: string[] = [];

  function open(): Executor {
    const executor = subject().createExecutor();
    opened.push(executor);
    return executor;
  }

  async function create(executor: Executor, spec: ContainerSpec): Promise<string> {
    const created = await executor.create(spec);
    made.push(created.containerId);
    expect(created.mismatches).toEqual([]);
    return created.containerId;
  }

  async function begin(executor: Executor, spec: ContainerSpec, files: InputFile[] = []): Promise<string> {
    const containerId = await create(executor, spec);
    await executor.putInputs(containerId, { spec, files });
    await executor.start(containerId);
    return containerId;
  }

  afterEach(async () => {
    const executor = subject().createExecutor();
    for (const containerId of made.splice(0)) await executor.remove(containerId);
    await Promise.all([executor, ...opened.splice(0)].map((each) => each.close()));
  });

  describe('images', () => {
    test('are resolved to what a container is made from', async () => {
      const executor = open();
      const image = await executor.resolveImage(subject().image);
      expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(image.sizeBytes).toBeGreaterThan(1_000);
      expect(await executor.ensureImage(image.reference)).toEqual(image);
    });

    test.each(['lazaret-test/absent:1', `sha256:${'0'.repeat(64)}`, '../containers', 'Up Per'])(
      'that are missing are called so: %s',
      async (reference) => {
        await expectFailure(open().resolveImage(reference), 'image_missing');
      },
    );

    test('that went missing fail the making of a container', async () => {
      const image = `sha256:${'1'.repeat(64)}`;
      await expectFailure(open().create(subject().spec('true', { image })), 'image_missing');
    });
  });

  describe('a run', () => {
    test('takes files in, gives files out, and tells how it ended', async () => {
      const executor = open();
      const script = 'cat /in/* > /out/both; mkdir /out/deep; echo x > /out/deep/file; exit 7';
      const files = [inputFile('a b', 'one '), inputFile('ünicode', 'two'), inputFile('empty', '')];
      const containerId = await begin(executor, subject().spec(script), files);
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
      const executor = open();
      const mounts = { inputMount: '/data', outputMount: '/data' };
      const spec = subject().spec('cat /data/sample > /data/result', mounts);
      const containerId = await begin(executor, spec, [inputFile('sample', 'text')]);
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 0 });
      const texts = await collectTexts(executor, containerId, '/data');
      expect(texts).toEqual({ sample: 'text', result: 'text' });
    });

    test('streams large inputs and outputs', async () => {
      const executor = open();
      const sizeBytes = 6 * 1024 * 1024;
      const chunk = Buffer.alloc(65_536, 'z');
      async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
        for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
      }
      const files = [{ name: 'large', sizeBytes, content: content() }];
      const containerId = await begin(executor, subject().spec('cat /in/large > /out/copy'), files);
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 0 });
      const texts = await collectTexts(executor, containerId);
      expect(texts['copy'] === 'z'.repeat(sizeBytes)).toBe(true);
    });

    test('does not begin when an input breaks off', async () => {
      const executor = open();
      const spec = subject().spec('true');
      const containerId = await create(executor, spec);
      const broken = { name: 'short', sizeBytes: 100_000, content: pieces('only this') };
      const put = executor.putInputs(containerId, { spec, files: [broken] });
      await expect(put).rejects.toThrow('fewer than 100000 bytes');
    });

    test.each(['../up', 'a/b', '.', '..', ''])('refuses %j as the name of an input', async (name) => {
      const executor = open();
      const spec = subject().spec('true');
      const containerId = await create(executor, spec);
      const put = executor.putInputs(containerId, { spec, files: [inputFile(name, '')] });
      await expect(put).rejects.toThrow('plain file name');
    });

    test('whose program is missing names it in the log', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('', { command: ['/no/such'] }));
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 127 });
      const log = await readLog(executor, containerId);
      expect(log.map(text).join('')).toContain('/no/such');
    });

    test('on a network that does not exist is refused with the reason', async () => {
      const executor = open();
      const network = 'lazaret-test-no-such-network';
      const containerId = await create(executor, subject().spec('true', { network }));
      const error = await executor.start(containerId).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(ExecutorError);
      expect(error).toMatchObject({ message: expect.stringContaining(network) });
    });

    test('that needs more memory than it has says so', async () => {
      const executor = open();
      const script = 'x=$(dd if=/dev/zero bs=1M count=200 | tr "\\0" x); echo done';
      const containerId = await begin(executor, subject().spec(`busybox sh -c '${script}'`));
      const exit = await executor.wait(containerId);
      expect(exit.oomKilled).toBe(true);
      expect(exit.exitCode).not.toBe(0);
    });

    test('is made once: the same attempt again is a conflict', async () => {
      const executor = open();
      const spec = subject().spec('true');
      await create(executor, spec);
      await expectFailure(executor.create(spec), 'conflict');
    });
  });

  describe('waiting', () => {
    test('begins while it runs and after it has ended, also in another process', async () => {
      const containerId = await begin(open(), subject().spec('cat /in/* ; exit 3'));
      const other = open();
      const exits: ContainerExit[] = [await other.wait(containerId), await other.wait(containerId)];
      expect(exits).toMatchObject([{ exitCode: 3 }, { exitCode: 3 }]);
      expect(await open().wait(containerId)).toEqual(exits[0]);
    });

    test('on what was never started or does not exist is told apart', async () => {
      const executor = open();
      const containerId = await create(executor, subject().spec('true'));
      await expectFailure(executor.wait(containerId), 'not_started');
      await expectFailure(executor.wait('f'.repeat(64)), 'not_found');
    });

    test('can be called off without an effect on the container', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('sleep 60'));
      const signal = AbortSignal.timeout(200);
      await expectFailure(executor.wait(containerId, { signal }), 'aborted');
      expect(await executor.sample(containerId)).toMatchObject({ pidsLimit: 32 });
    });

    test('never misses an end, however short the run', async () => {
      const executor = open();
      const runs = Array.from({ length: 6 }, async (_, index) => {
        const containerId = await create(executor, subject().spec(`exit ${index}`));
        await executor.start(containerId);
        return (await executor.wait(containerId)).exitCode;
      });
      expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  describe('ending', () => {
    test('at once, as often as one likes', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('trap "" TERM; sleep 60'));
      await Promise.all([executor.kill(containerId), executor.kill(containerId)]);
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 137 });
      await executor.kill(containerId);
      await executor.remove(containerId);
      await executor.remove(containerId);
      await executor.kill(containerId);
      await executor.stop(containerId, { graceMs: 0 });
      await expectFailure(executor.wait(containerId), 'not_found');
    });

    test('with a grace that is used', async () => {
      const executor = open();
      const script = 'trap "echo bye > /out/last; exit 5" TERM; echo up; while true; do sleep 0.1; done';
      const containerId = await begin(executor, subject().spec(script));
      await firstPiece(executor, containerId);
      await executor.stop(containerId, { graceMs: 10_000 });
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 5 });
      expect(await collectTexts(executor, containerId)).toEqual({ last: 'bye\n' });
    });

    test('with a grace that is ignored', async () => {
      const executor = open();
      const script = 'trap "" TERM; echo up; while true; do sleep 0.1; done';
      const containerId = await begin(executor, subject().spec(script));
      await firstPiece(executor, containerId);
      await executor.stop(containerId, { graceMs: 1_000 });
      expect(await executor.wait(containerId)).toMatchObject({ exitCode: 137 });
    });

    test('before the start leaves nothing to wait for', async () => {
      const executor = open();
      const containerId = await create(executor, subject().spec('true'));
      await executor.kill(containerId);
      await executor.remove(containerId);
      await expectFailure(executor.start(containerId), 'not_found');
    });
  });

  describe('logs', () => {
    test('arrive while it runs, by stream', async () => {
      const executor = open();
      const script = 'echo first; while [ ! -e /tmp/go ]; do sleep 0.05; done';
      const containerId = await begin(executor, subject().spec(script));
      const piece = await firstPiece(executor, containerId);
      expect(text(piece)).toBe('first\n');
      expect(piece.stream).toBe('stdout');
    });

    test('are the same after the end, and go on behind a position', async () => {
      const executor = open();
      const script = 'echo one; echo two >&2; printf "\\033[31mthree\\000"; head -c 40000 /dev/zero';
      const containerId = await begin(executor, subject().spec(script));
      await executor.wait(containerId);
      const all = await readLog(executor, containerId);
      expect(all.filter(({ stream }) => stream === 'stderr').map(text)).toEqual(['two\n']);
      const out = all.filter(({ stream }) => stream === 'stdout').map(text).join('');
      expect(out).toBe(`one\n\u001b[31mthree\0${'\0'.repeat(40_000)}`);
      for (const [index, { position }] of all.entries()) {
        const rest = await readLog(executor, containerId, position);
        expect(rest.map(text)).toEqual(all.slice(index + 1).map(text));
      }
    });

    test('are awaited, piece by piece', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('echo 1; echo 2; echo 3'));
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

    test('can be called off', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('sleep 60'));
      const signal = AbortSignal.timeout(200);
      await expectFailure(executor.followLogs(containerId, { signal, onChunk: () => {} }), 'aborted');
    });

    test('of nothing are not found', async () => {
      const follow = open().followLogs('f'.repeat(64), { onChunk: () => {} });
      await expectFailure(follow, 'not_found');
    });
  });

  describe('watching', () => {
    test('what it uses, while it runs', async () => {
      const executor = open();
      const containerId = await begin(executor, subject().spec('while true; do :; done'));
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

    test('what it has written', async () => {
      const executor = open();
      const script = 'head -c 3000000 /dev/zero > /out/a; head -c 2000000 /dev/zero > /out/b; sleep 60';
      const spec = subject().spec(script);
      await begin(executor, spec, [inputFile('large', 'x'.repeat(1_000_000))]);
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
  });

  describe('finding', () => {
    test('containers by their labels, in every state', async () => {
      const executor = open();
      const job = randomUUID();
      const specs = ['sleep 60', 'exit 0', 'true'].map((script) => {
        const spec = subject().spec(script);
        return { ...spec, labels: { ...spec.labels, job } };
      });
      const [running = '', finished = '', fresh = ''] = [
        await begin(executor, specs[0] ?? subject().spec('')),
        await begin(executor, specs[1] ?? subject().spec('')),
        await create(executor, specs[2] ?? subject().spec('')),
      ];
      await executor.wait(finished);
      const found = await open().list({ [labelNames.job]: job });
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
  });

  describe('collecting', () => {
    test('shows links and FIFOs as what they are, and can be left early', async () => {
      const executor = open();
      const script = 'ln -s /etc/passwd /out/soft; mkfifo /out/pipe; echo > /out/file; ln /out/file /out/hard';
      const containerId = await begin(executor, subject().spec(script));
      await executor.wait(containerId);
      const types = new Map<string, string>();
      for await (const { path, type } of executor.collect(containerId, { path: '/out', limits: bounds })) {
        types.set(path, type);
      }
      expect(Object.fromEntries(types)).toMatchObject({ soft: 'symlink', pipe: 'fifo' });
      expect([types.get('file'), types.get('hard')].sort()).toEqual(['file', 'hardlink']);
      for await (const entry of executor.collect(containerId, { path: '/out', limits: bounds })) {
        if (entry.type === 'symlink') break;
      }
    });

    test('stops at a limit before the bytes come', async () => {
      const executor = open();
      const script = 'dd if=/dev/zero of=/out/hole bs=1 count=0 seek=7M';
      const containerId = await begin(executor, subject().spec(script));
      await executor.wait(containerId);
      const limits = { ...bounds, entryBytes: 1_000_000 };
      const entries = executor.collect(containerId, { path: '/out', limits });
      await expect(Array.fromAsync(entries)).rejects.toMatchObject({ code: 'entry_too_large' });
    });

    test('of a directory or container that is not there is not found', async () => {
      const executor = open();
      const containerId = await create(executor, subject().spec('true'));
      for (const id of [containerId, 'f'.repeat(64)]) {
        const entries = executor.collect(id, { path: '/nowhere', limits: bounds });
        await expectFailure(Array.fromAsync(entries), 'not_found');
      }
    });
  });
}

async function expectFailure(work: Promise<unknown>, code: ExecutorErrorCode): Promise<ExecutorError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ExecutorError)) throw new Error(`expected ${code}`, { cause: error });
  expect(error.code).toBe(code);
  return error;
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const each of texts) yield Buffer.from(each);
}

function inputFile(name: string, content: string): InputFile {
  return { name, sizeBytes: Buffer.byteLength(content), content: pieces(content) };
}

function text({ bytes }: LogPiece): string {
  return Buffer.from(bytes).toString('utf8');
}

async function readLog(executor: Executor, containerId: string, after?: string): Promise<LogPiece[]> {
  const seen: LogPiece[] = [];
  const onChunk = (piece: LogPiece): void => {
    seen.push({ ...piece, bytes: Buffer.from(piece.bytes) });
  };
  await executor.followLogs(containerId, { onChunk, ...(after === undefined ? {} : { after }) });
  return seen;
}

async function firstPiece(executor: Executor, containerId: string): Promise<LogPiece> {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<LogPiece>();
  const followed = executor
    .followLogs(containerId, { onChunk: resolve, signal: controller.signal })
    .catch((error: unknown) => {
      if (!(error instanceof ExecutorError && error.code === 'aborted')) throw error;
    });
  const piece = await Promise.race([
    promise,
    followed.then(() => Promise.reject(new Error('the log ended without a piece'))),
  ]);
  controller.abort();
  await followed;
  return piece;
}

async function collectTexts(
  executor: Executor,
  containerId: string,
  path = '/out',
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const entry of executor.collect(containerId, { path, limits: bounds })) {
    if (entry.type !== 'file') continue;
    const chunks = await Array.fromAsync(entry.content, (chunk) => Buffer.from(chunk));
    texts[entry.path] = Buffer.concat(chunks).toString('utf8');
  }
  return texts;
}
