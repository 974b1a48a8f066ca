/** Runs a program until it exits or reaches a limit. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly timeMs: number;
  readonly outputBytes: number;
  readonly signal?: AbortSignal;
  /** Descriptors for its standard input and for number 3. */
  readonly input?: number;
  readonly third?: number;
}

export interface RunResult {
  readonly output: string;
  /** Standard error, or why it did not run, when it failed. */
  readonly problem?: string;
  /** It was killed because of the time limit or the output limit. */
  readonly isLate: boolean;
  readonly isCut: boolean;
}

const errorBytes = 16 * 1024;

/** Never throws. The program gets an empty environment. */
export async function runProgram(
  program: string,
  words: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { timeMs, outputBytes, signal, input, third } = options;
  const child = spawn(program, words, {
    env: { LC_ALL: 'C' },
    stdio: [input ?? 'ignore', 'pipe', 'pipe', ...(third === undefined ? [] : [third])],
  });
  const end = (): void => void child.kill('SIGKILL');
  const pieces: Buffer[] = [];
  const errors: Buffer[] = [];
  let [isLate, isCut, size, errorSize] = [false, false, 0, 0];
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeMs);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  child.stdout?.on('data', (piece: Buffer) => {
    if (isCut) return;
    pieces.push(piece);
    size += piece.length;
    isCut = size > outputBytes;
    if (isCut) end();
  });
  child.stderr?.on('data', (piece: Buffer) => {
    if (errorSize < errorBytes) errors.push(piece);
    errorSize += piece.length;
  });
  const problem = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`${program} cannot run: ${error.message}`));
    child.once('close', (code, ended) => {
      const text = Buffer.concat(errors).toString('utf8').trim();
      const how = ended ?? `status ${code}`;
      resolve(code === 0 ? undefined : text === '' ? `${program} ended with ${how}` : text);
    });
  });
  clearTimeout(timer);
  signal?.removeEventListener('abort', end);
  const output = Buffer.concat(pieces).toString('latin1');
  return { output, isLate, isCut, ...(problem === undefined ? {} : { problem }) };
}
