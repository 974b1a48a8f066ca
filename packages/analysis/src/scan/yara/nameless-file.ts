/**
 * A file without a name: what is scanned must not lie on a disk where somebody can open it. The
 * program gets it as an open descriptor. A pipe would not do: yara maps its input and takes a pipe
 * for an empty file, and so for a clean one.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** O_TMPFILE of Linux, which Node has no name for: a bit of its own, and O_DIRECTORY. */
const nameless = 0o20000000 | constants.O_DIRECTORY;

/**
 * @param directory Where it takes its room, best a file system in memory such as `/dev/shm`.
 */
export async function openNamelessFile(directory: string, bytes?: Buffer): Promise<FileHandle> {
  const file = await open(directory, nameless | constants.O_RDWR, 0o600);
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
