/** The inspector role, with what the other parts of the server give it. */
import { join } from 'node:path';

import type { Logger } from 'pino';

import { readProgramEnvironment, type Configuration } from '../floor/config/index.ts';
import type { DatabaseHandle } from '../floor/db/index.ts';
import type { Outbox } from '../floor/events/index.ts';
import { startInspector, type InspectionQueue, type Inspector } from '../inspection/index.ts';
import type { JobSignals } from '../floor/signals.ts';

export interface InspectingParts {
  readonly values: Configuration;
  readonly database: DatabaseHandle;
  readonly locks: DatabaseHandle;
  readonly queue: InspectionQueue;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly signals: JobSignals;
  readonly dataDirectory: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Looks into images until it is stopped. */
export function beginInspecting(parts: InspectingParts): Promise<Inspector> {
  const { values, database, outbox, signals, version, dataDirectory, ...rest } = parts;
  return startInspector({
    ...rest,
    database: database.db,
    settings: values.inspection,
    dockerHost: values.dockerHost,
    helperEnvironment: readProgramEnvironment(),
    directory: join(dataDirectory, 'inspections'),
    toolVersion: version,
    onChange: (inspection) => {
      signals.notify(inspection);
      outbox.nudge();
    },
  });
}
