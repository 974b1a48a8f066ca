/**
 * Appending to a file that is rotated by size. What is appended is either whole and on the disk, or
 * not in the file: a part that a failed write or a crash left is removed.
 */
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';

interface Rotation {
  /** Size from which on another file is begun. */
  readonly bytes: number;
  /** How many renamed files are stored. */
  readonly files: number;
  /** Milliseconds since 1970, for the name of the renamed file. */
  readonly nowMs: number;
}

/** Where files are written, and how they are rotated. */
export interface FilePlace {
  readonly directory: string;
  readonly rotation: Rotation;
}

const newline = 0x0a;
const tailBytes = 64 * 1024;

/** Appends text that ends with a line feed. */
export async function appendWhole(path: string, text: string, rotation: Rotation): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const bytes = Buffer.from(text);
  let sizeBytes = await repairEnd(path);
  if (sizeBytes > 0 && sizeBytes + bytes.length > rotation.bytes) {
    await rotate(path, rotation);
    sizeBytes = 0;
  }
  await using file = await open(path, 'a', 0o640);
  try {
    await file.appendFile(bytes);
    await file.datasync();
  } catch (error) {
    await file.truncate(sizeBytes);
    throw error;
  }
}

/** Removes a line without its end, which a crash left. Returns the size of the file. */
async function repairEnd(path: string): Promise<number> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  try {
    let { size } = await file.stat();
    const whole = size;
    const chunk = Buffer.alloc(tailBytes);
    while (size > 0) {
      const from = Math.max(0, size - tailBytes);
      const { bytesRead } = await file.read(chunk, 0, size - from, from);
      const last = chunk.subarray(0, bytesRead).lastIndexOf(newline);
      size = last < 0 ? from : from + last + 1;
      if (last >= 0) break;
    }
    if (size < whole) await file.truncate(size);
    return size;
  } finally {
    await file.close();
  }
}

/** `events.ndjson` becomes `events-20261130T162000123Z.ndjson`; the oldest are deleted. */
async function rotate(path: string, { files, nowMs }: Rotation): Promise<void> {
  const { dir, name, ext } = parse(path);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '');
  await rename(path, join(dir, `${name}-${time}${ext}`));
  const renamed = (await readdir(dir))
    .filter((one) => one.startsWith(`${name}-`) && one.endsWith(ext))
    .toSorted();
  for (const one of renamed.slice(0, Math.max(0, renamed.length - files))) {
    await rm(join(dir, one));
  }
}
