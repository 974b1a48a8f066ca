/** Writes a file atomically: completely or not at all. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';

import { systemErrorCode, usageFailure } from '../failure.ts';
import { toFileFailure } from './upload-file.ts';

/**
 * Writes a temporary file in the same directory and renames it. Devices and pipes are written to
 * directly: replacing /dev/null would break the machine.
 */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    if (await isSpecial(path)) await writeSpecial(path, chunks);
    else await writeRegular(path, chunks);
  } catch (error) {
    throw toFileFailure(error, path);
  }
}

async function isSpecial(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeSpecial(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    if (isatty(file.fd)) {
      throw usageFailure(`${path} is a terminal`, {
        hint: 'Omit --output-file: output to a terminal is escaped.',
      });
    }
    for await (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

async function writeRegular(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.part`);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    const file = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o666);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    // rename replaces a symbolic link instead of following it
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
