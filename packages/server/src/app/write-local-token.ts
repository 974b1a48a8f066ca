/** The file by which the command line finds the server of this machine. */
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Access } from '../access/index.ts';
import { newId } from '../floor/ids.ts';

/** For the operating-system user of the server: `lazaret` on this machine just works. */
export async function writeLocalToken(
  access: Access,
  place: { readonly directory: string; readonly url: string },
): Promise<void> {
  const token = await access.ensureLocalToken(`${hostname()}:${place.directory}`);
  if (token === undefined) return;
  const path = join(place.directory, 'local-token');
  const temporary = `${path}.${newId()}`;
  await writeFile(temporary, `${JSON.stringify({ url: place.url, token })}\n`, { mode: 0o600 });
  await rename(temporary, path);
}
