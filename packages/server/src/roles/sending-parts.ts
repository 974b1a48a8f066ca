/** What sending notifications needs of its process: the role watcher, or the API for tests. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Problem, type InspectionReport } from '@lazaret/protocol';

import { readEnvironment } from '../floor/config/index.ts';
import { findImage, readReport } from '../inspection/index.ts';
import type { SendParts } from '../notifications/index.ts';
import { readScriptOutput } from '../scripts/index.ts';
import type { Core } from './role.ts';

/** Creates the directory of secrets that the API may refer to. */
export async function describeSending(core: Core): Promise<SendParts> {
  const directory = join(core.dataDirectory, 'notifications');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const environment = readEnvironment();
  const variable = (name: string): string | undefined => environment[name];
  const { publicUrl } = core.configuration.values;
  const exported = join(core.dataDirectory, 'exports');
  return {
    ...{ places: { directory, variable, exports: exported }, publicUrl, now: core.clock.now },
    readReport: (project, digest) => readStoredReport(core, project, digest),
    readScriptOutput: (project, run) => readScriptOutput(core.database, { project, run }),
  };
}

async function readStoredReport(
  { database }: Core,
  project: string,
  digest: string,
): Promise<InspectionReport | undefined> {
  try {
    return await readReport(database, await findImage(database, [project], { digest }));
  } catch (error) {
    if (error instanceof Problem && error.code === 'not_found') return undefined;
    throw error;
  }
}
