import { copyFile, type FileHandle, open, stat, truncate } from 'node:fs/promises';

import { databaseLimits } from './limits.ts';

const checkMs = 60_000;

/**
 * The log file of the embedded PostgreSQL, which writes to it directly: it never waits for this
 * process and continues after its death. Above `databaseLimits.logBytes` the file is
 * copied to `<name>.1` and emptied; lines written in between are lost.
 */
export class DatabaseLog {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #timer: NodeJS.Timeout;
  #markedBytes = 0;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#timer = setInterval(() => void this.rotate(), checkMs);
    this.#timer.unref();
  }

  static async open(path: string): Promise<DatabaseLog> {
    // Appending, so that a writer continues at the new end after the file was truncated.
    const log = new DatabaseLog(path, await open(path, 'a+', 0o600));
    await log.rotate();
    return log;
  }

  /** For the standard output and error of the child. */
  get descriptor(): number {
    return this.#file.fd;
  }

  /** `tail` returns what is written from now on. */
  async mark(): Promise<void> {
    this.#markedBytes = (await this.#file.stat()).size;
  }

  /** The last lines since the mark. */
  async tail(): Promise<string> {
    const { size } = await this.#file.stat();
    const since = this.#markedBytes <= size ? this.#markedBytes : 0;
    const start = Math.max(since, size - databaseLimits.logTailBytes);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  }

  async note(text: string): Promise<void> {
    await this.#file.appendFile(`lazaret: ${text}\n`);
  }

  async rotate(): Promise<void> {
    const { size } = await stat(this.path);
    if (size <= databaseLimits.logBytes) return;
    await copyFile(this.path, `${this.path}.1`);
    await truncate(this.path);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#file.close();
  }
}
