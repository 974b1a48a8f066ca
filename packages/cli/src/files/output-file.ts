/** `--output-file`: what a command prints becomes a file, whole or not at all. */
import { PassThrough } from 'node:stream';

import type { Shell } from '../command/command.ts';
import { writeWhole } from './write-file.ts';

/** Runs with standard output going to the file, which appears when the run has not failed. */
export async function runIntoFile(
  shell: Shell,
  path: string,
  run: (shell: Shell) => Promise<number>,
): Promise<number> {
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  const written = writeWhole(path, stream).catch((error: unknown) => {
    // anyone who still writes learns of it, and does not wait for a reader
    stream.destroy(error as Error);
    throw error;
  });
  // handled below; the run may take long to get there
  written.catch(() => undefined);
  stream.on('error', () => undefined);
  try {
    const exitCode = await run({ ...shell, stdout: stream as unknown as NodeJS.WriteStream });
    stream.end();
    await written;
    return exitCode;
  } catch (error) {
    stream.destroy(error as Error);
    // the reason why the file cannot be written is better than what it did to the run
    await written.catch((reason: unknown) => {
      if (reason !== error) throw reason;
    });
    throw error;
  }
}
