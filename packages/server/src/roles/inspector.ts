/** The inspector role: inspects the images in the queue until it is stopped. */
import { join } from 'node:path';

import { readProgramEnvironment } from '../floor/config/index.ts';
import { startInspector as startInspecting } from '../inspection/index.ts';
import type { Core, Role } from './role.ts';

export async function startInspector(core: Core): Promise<Role> {
  const { queue, database, locks, log, blobs, sharedRates, findRegistry } = core;
  const { inspection: settings, dockerHost } = core.configuration.values;
  const inspector = await startInspecting({
    ...{ queue, database, locks, log, blobs, settings, dockerHost, sharedRates, findRegistry },
    helperEnvironment: readProgramEnvironment(),
    directory: join(core.dataDirectory, 'inspections'),
    toolVersion: core.version,
    now: core.clock.now,
    onChange: core.onChange,
    // Arrivals have their verdict at once when the watcher is in this process.
    onEnd: () => core.wake('watcher'),
  });
  return {
    // The library of the queue polls by itself.
    loops: () => [],
    wake: () => queue.wake(),
    stop: () => inspector.stop(),
  };
}
