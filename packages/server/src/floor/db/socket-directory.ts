import { type FileHandle, open } from 'node:fs/promises';

/** `sun_path` of a Unix socket address, without its final zero. */
const addressBytes = 107;

export interface SocketDirectory {
  /** What a client in this process gives as host. */
  readonly path: string;
  close(): Promise<void>;
}

/**
 * A path to `directory` that is short enough for the address of the database's socket in it. When
 * its own is too long, the directory is held open and named through /proc/self/fd. (A link in the
 * temporary directory would serve other processes too, but is swept away there after some days.)
 */
export async function openSocketDirectory(
  directory: string,
  port: number,
): Promise<SocketDirectory> {
  if (Buffer.byteLength(`${directory}/.s.PGSQL.${port}`) <= addressBytes) {
    return { path: directory, close: () => Promise.resolve() };
  }
  const handle: FileHandle = await open(directory, 'r');
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() };
}
