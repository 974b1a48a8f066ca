/** The file with which the command line finds the local server. */
import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Access } from '../access/index.ts';
import { newId } from '../floor/ids.ts';

/**
 * Allows the operating-system user of the server to use `lazaret` on this machine without sign-in.
 */
export async function writeLocalToken(
  access: Access,
  target: { readonly directory: string; readonly url: string },
): Promise<void> {
  const path = join(target.directory, 'local-token');
  const token = await access.ensureLocalToken({
    server: `${hostname()}:${target.directory}`,
    current: await readToken(path),
  });
  if (token === undefined) return;
  const temporary = `${path}.${newId()}`;
  await writeFile(temporary, `${JSON.stringify({ url: target.url, token })}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

const fileBytesMax = 4_096;
const othersMask = 0o077;

/** The token of an earlier start; undefined if another user could have read or written the file. */
async function readToken(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { mode, uid, size } = await file.stat();
    const isPrivate = (mode & othersMask) === 0 && uid === process.getuid?.();
    if (!isPrivate || size > fileBytesMax) return undefined;
    const content: unknown = JSON.parse(await file.readFile('utf8'));
    if (typeof content !== 'object' || content === null || !('token' in content)) return undefined;
    return typeof content.token === 'string' ? content.token : undefined;
  } catch {
    // Not a token file: it is replaced.
    return undefined;
  } finally {
    await file.close();
  }
}
