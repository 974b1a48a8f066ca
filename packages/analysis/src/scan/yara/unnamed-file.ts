/**
 * A file without a name: scanned content must not be on a disk where others can open it. The
 * program gets it as an open descriptor. A pipe does not work: yara maps its input and treats a
 * pipe as an empty file, and so as a clean one.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** O_TMPFILE of Linux, for which Node has no constant: a separate bit, and O_DIRECTORY. */
const unnamed = 0o20000000 | constants.O_DIRECTORY;

/**
 * @param directory Directory, preferably a file system in memory such as `/dev/shm`.
 */
export async function openUnnamedFile(directory: string, bytes?: Buffer): Promise<FileHandle> {
  const file = await open(directory, unnamed | constants.O_RDWR, 0o600);
  if (bytes !== undefined) {
    try {
      await file.writeFile(bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }
  return file;
}
