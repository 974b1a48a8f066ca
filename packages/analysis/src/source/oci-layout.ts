/** An OCI image layout in a directory of this machine. */
import { stat } from 'node:fs/promises';

import { directoryFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageSource } from '@lazaret/oci';
import { isOciLayout, listOci } from './list-oci.ts';
import type { LocalOptions } from './local-image.ts';

/** Throws SourceError when the directory is no layout. */
export async function openOciLayout(path: string, options: LocalOptions): Promise<ImageSource> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) throw new SourceError('not_found', `${path} does not exist`);
  if (!facts.isDirectory()) throw new SourceError('unsupported', `${path} is not a directory`);
  const files = await directoryFiles(path);
  if (!(await isOciLayout(files))) {
    throw new SourceError('unsupported', `${path} is no OCI layout: it has no index.json`);
  }
  return {
    kind: 'oci-layout',
    reference: path,
    list: (choice) => listOci(files, choice, options),
    close: () => files.close(),
  };
}
