/** Runs the program inside the test's process, with streams that the test can read. */
import { PassThrough, Readable } from 'node:stream';

import type { Shell } from '../command/command.ts';
import type { InspectImage } from '../commands/inspect/inspect-image.ts';
import { readEnvironment } from '../environment.ts';
import { runProgram } from '../program.ts';

export interface RunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Streams that pose as terminals. */
  readonly terminal?: readonly ('stdin' | 'stdout' | 'stderr')[];
  /** Directory that is used as the home directory. */
  readonly home: string;
  readonly now?: number;
  /** Instead of a clock that is at `now`. */
  readonly clock?: () => number;
  readonly inspectImage?: InspectImage;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

/** Returns the output of the program and its exit code. */
export async function runInside(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const { home, variables = {}, terminal = [], stdin = '' } = options;
  const stdout = collect(terminal.includes('stdout'));
  const stderr = collect(terminal.includes('stderr'));
  const input = Object.assign(Readable.from([Buffer.from(stdin)]), {
    isTTY: terminal.includes('stdin'),
  });
  const shell: Shell = {
    stdin: input as unknown as NodeJS.ReadStream,
    stdout: stdout.stream as unknown as NodeJS.WriteStream,
    stderr: stderr.stream as unknown as NodeJS.WriteStream,
    environment: readEnvironment({ HOME: home, LAZARET_DATA: `${home}/no-data`, ...variables }),
    now: options.clock ?? (() => options.now ?? Date.now()),
    fetch,
    ...(options.inspectImage !== undefined && { inspectImage: options.inspectImage }),
  };
  const exitCode = await runProgram(shell, argv);
  return {
    exitCode,
    stdout: stdout.bytes().toString('utf8'),
    stdoutBytes: stdout.bytes(),
    stderr: stderr.bytes().toString('utf8'),
  };
}

function collect(isTTY: boolean): { stream: PassThrough; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  Object.assign(stream, isTTY ? { isTTY, columns: 100, rows: 40 } : { isTTY: false });
  return { stream, bytes: () => Buffer.concat(chunks) };
}
