/** What sending notifications needs of its process: the role watcher, or the API for tests. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readEnvironment } from '../floor/config/index.ts';
import type { SendParts } from '../notifications/index.ts';
import type { Core } from './role.ts';

/** Creates the directory of secrets that the API may refer to. */
export async function describeSending(core: Core): Promise<SendParts> {
  const directory = join(core.dataDirectory, 'notifications');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const environment = readEnvironment();
  const variable = (name: string): string | undefined => environment[name];
  const { publicUrl } = core.configuration.values;
  return { places: { directory, variable }, publicUrl, now: core.clock.now };
}
