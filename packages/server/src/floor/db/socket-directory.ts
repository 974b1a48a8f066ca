import { type FileHandle, open } from 'node:fs/promises';

/** `sun_path` of a Unix socket address, without its final zero. */
const addressBytes = 107;

export interface SocketDirectory {
  /** The host for a client in this process. */
  readonly path: string;
  close(): Promise<void>;
}

/**
 * A path to `directory` that is short enough for the address of the database's socket in it. When
 * its own is too long, the directory is kept open and addressed through /proc/self/fd. (A link in
 * the temporary directory would work for other processes too, but is deleted there after some
 * days.)
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
