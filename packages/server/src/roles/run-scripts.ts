/** Collector scripts in the role worker, if the configuration enables them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';

import { readProgramEnvironment } from '../floor/config/index.ts';
import { startRunner } from '../scripts/index.ts';
import type { Core } from './role.ts';

type ScriptRunner = ReturnType<typeof startRunner>;

/** Undefined when they are not enabled. */
export async function runScripts(core: Core): Promise<ScriptRunner | undefined> {
  const { scripts: settings, inspection, dockerHost } = core.configuration.values;
  if (!settings.enabled) return undefined;
  const directory = settings.directory || join(core.dataDirectory, 'scripts');
  const spoolDirectory = join(core.dataDirectory, 'inspections', 'spool');
  await mkdir(directory, { recursive: true });
  await mkdir(spoolDirectory, { recursive: true });
  const { database, locks, log, executors, instance, blobs, sharedRates, findRegistry } = core;
  return startRunner({
    ...{ database, locks, log, settings, directory, executors, instance },
    opener: {
      ...{ settings: inspection, dockerHost, spoolDirectory, blobs, sharedRates, findRegistry },
      helperEnvironment: readProgramEnvironment(),
      now: core.clock.now,
    },
    node: execPath,
    monotonicMs: core.clock.monotonicMs,
    onChange: core.onChange,
  });
}
