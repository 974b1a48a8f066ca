/** The slice of files: details of a content, and its bytes. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { SharedRates } from '@lazaret/analysis';

import type { Slice, SliceContext } from '../floor/slice.ts';
import { createFileReader, type SourceSettings } from '../inspection/index.ts';
import { jobParts, type JobContext } from '../jobs/index.ts';
import { fileRoutes } from './routes.ts';

export interface FilesContext
  extends JobContext, Pick<SliceContext, 'clock'>, Omit<SourceSettings, 'spoolDirectory'> {
  readonly dataDirectory: string;
  /** Shared by all that use registries in this process. */
  readonly sharedRates: SharedRates;
}

export async function filesSlice(context: FilesContext): Promise<Slice> {
  const { settings, dockerHost, helperEnvironment, blobs, clock, findRegistry } = context;
  const { now } = clock;
  const spoolDirectory = join(context.dataDirectory, 'inspections', 'spool');
  await mkdir(spoolDirectory, { recursive: true });
  const reader = createFileReader({
    ...{ settings, dockerHost, helperEnvironment, spoolDirectory, blobs, now, findRegistry },
    sharedRates: context.sharedRates,
  });
  return {
    name: 'files',
    routes: fileRoutes({ ...jobParts(context), reader, now }),
    stop: () => reader.close(),
  };
}
