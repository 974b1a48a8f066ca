/** Search: where something occurs in all images. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { digest, placedFile, placedFinding, placedPackage } from '../reports/report.ts';

/** Where something was found, and what. */
export const searchHit = z.object({
  kind: z.enum(['file', 'package', 'finding']),
  image: digest,
  project: projectName,
  names: z.array(z.string()),
  platform: z.string().nullable(),
  layer: z.number().int().nullable(),
  /** Index of the layer that hides it. */
  hiddenBy: z.number().int().nullable(),
  path: z.string().nullable(),
  file: placedFile
    .pick({ type: true, sizeBytes: true, mode: true, sha256: true, sha1: true, md5: true })
    .nullable(),
  package: placedPackage.pick({ type: true, name: true, version: true, purl: true }).nullable(),
  finding: placedFinding
    .pick({ scanner: true, class: true, severity: true, rule: true, title: true })
    .nullable(),
});
export type SearchHit = z.output<typeof searchHit>;
