/** Writing a file that a person named: whole or not at all. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';

import { systemErrorCode, usageFailure } from './failure.ts';
import { asFileFailure } from './upload-file.ts';

/**
 * Writes under a temporary name beside the file, then takes its place. Devices and pipes are
 * written to as they are: taking the place of /dev/null would break the machine.
 */
export async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    if (await isSpecial(path)) await writeSpecial(path, pieces);
    else await writeRegular(path, pieces);
  } catch (error) {
    throw asFileFailure(error, path);
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

async function writeSpecial(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    if (isatty(file.fd)) {
      throw usageFailure(`${path} is a terminal`, {
        hint: 'Leave -o out: what is shown on a terminal is made harmless first.',
      });
    }
    for await (const piece of pieces) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

async function writeRegular(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.part`);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    const file = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o666);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
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
