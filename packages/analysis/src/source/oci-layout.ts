/** An OCI image layout in a local directory. */
import { stat } from 'node:fs/promises';

import { directoryFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageSource } from '@lazaret/oci';
import { isOciLayout, listOci } from './list-oci.ts';
import type { LocalOptions } from './local-image.ts';

/** Throws SourceError when the directory is not a layout. */
export async function openOciLayout(path: string, options: LocalOptions): Promise<ImageSource> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) throw new SourceError('not_found', `${path} does not exist`);
  if (!facts.isDirectory()) throw new SourceError('unsupported', `${path} is not a directory`);
  const files = await directoryFiles(path);
  if (!(await isOciLayout(files))) {
    throw new SourceError('unsupported', `${path} is not an OCI layout: index.json is missing`);
  }
  return {
    kind: 'oci-layout',
    reference: path,
    list: (choice) => listOci(files, choice, options),
    close: () => files.close(),
  };
}
