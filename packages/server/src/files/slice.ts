/** The slice of files: details of a content, and its bytes. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { SharedRates } from '@lazaret/analysis';

import type { Slice, SliceContext } from '../floor/slice.ts';
import { createFileReader, type SourceSettings } from '../inspection/index.ts';
import { jobParts, type JobContext } from '../jobs/index.ts';
import { fileRoutes } from './routes.ts';

export interface FilesContext
  extends JobContext, Pick<SliceContext, 'clock'>, Omit<SourceSettings, 'spoolDirectory'> {
  readonly dataDirectory: string;
}

export async function filesSlice(context: FilesContext): Promise<Slice> {
  const { settings, dockerHost, helperEnvironment, blobs, clock } = context;
  const { now } = clock;
  const spoolDirectory = join(context.dataDirectory, 'inspections', 'spool');
  await mkdir(spoolDirectory, { recursive: true });
  const reader = createFileReader({
    ...{ settings, dockerHost, helperEnvironment, spoolDirectory, blobs, now },
    sharedRates: new SharedRates({ now }),
  });
  return {
    name: 'files',
    routes: fileRoutes({ ...jobParts(context), reader, now }),
    stop: () => reader.close(),
  };
}
