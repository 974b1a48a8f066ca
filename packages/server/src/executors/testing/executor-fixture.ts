/** Shared parts of the behaviour suite of executors. */
import { expect } from 'vitest';

import { ExecutorError } from '../executor.ts';
import type { Executor, ExecutorErrorCode, InputFile, LogPiece } from '../executor.ts';
import type { ContainerSpec } from '../profile.ts';
import type { ProbeSpec } from './probe-image.ts';

export interface ExecutorSubject {
  /** A new executor on the same engine for each call; the suite closes it. */
  createExecutor(): Executor;
  /** A reference to an image with a POSIX shell, busybox's programs and perl. */
  readonly image: string;
  /** A small spec that runs a shell line in that image. */
  spec(shell: string, changes?: Partial<ContainerSpec>): ProbeSpec;
}

/** Opens executors and creates containers for one test, and removes both after it. */
export interface ExecutorFixture extends Pick<ExecutorSubject, 'image' | 'spec'> {
  open(): Executor;
  create(executor: Executor, spec: ContainerSpec): Promise<string>;
  /** Creates a container, copies inputs and starts it. */
  begin(executor: Executor, spec: ContainerSpec, files?: InputFile[]): Promise<string>;
  clear(): Promise<void>;
}

export function createFixture(subject: () => ExecutorSubject): ExecutorFixture {
  const opened: Executor[] = [];
  const made: string[] = [];
  const fixture: ExecutorFixture = {
    get image() {
      return subject().image;
    },
    spec: (shell, changes) => subject().spec(shell, changes),
    open() {
      const executor = subject().createExecutor();
      opened.push(executor);
      return executor;
    },
    async create(executor, spec) {
      const created = await executor.create(spec);
      made.push(created.containerId);
      expect(created.mismatches).toEqual([]);
      return created.containerId;
    },
    async begin(executor, spec, files = []) {
      const containerId = await fixture.create(executor, spec);
      await executor.putInputs(containerId, { spec, files });
      await executor.start(containerId);
      return containerId;
    },
    async clear() {
      const executor = fixture.open();
      for (const containerId of made.splice(0)) await executor.remove(containerId);
      await Promise.all(opened.splice(0).map((each) => each.close()));
    },
  };
  return fixture;
}

export const bounds = {
  entries: 1_000,
  totalBytes: 2 ** 26,
  entryBytes: 2 ** 25,
  pathBytes: 4_096,
  paxBytes: 65_536,
} as const;

export async function expectFailure(
  work: Promise<unknown>,
  code: ExecutorErrorCode,
): Promise<ExecutorError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ExecutorError)) throw new Error(`expected ${code}`, { cause: error });
  expect(error.code).toBe(code);
  return error;
}

export async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const each of texts) yield Buffer.from(each);
}

export function inputFile(name: string, content: string): InputFile {
  return { name, sizeBytes: Buffer.byteLength(content), content: pieces(content) };
}

export function text({ bytes }: LogPiece): string {
  return Buffer.from(bytes).toString('utf8');
}

export async function readLog(
  executor: Executor,
  containerId: string,
  after?: string,
): Promise<LogPiece[]> {
  const seen: LogPiece[] = [];
  const onChunk = (piece: LogPiece): void => {
    seen.push({ ...piece, bytes: Buffer.from(piece.bytes) });
  };
  await executor.followLogs(containerId, { onChunk, ...(after === undefined ? {} : { after }) });
  return seen;
}

export async function firstPiece(executor: Executor, containerId: string): Promise<LogPiece> {
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

export async function collectTexts(
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
