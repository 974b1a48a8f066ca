/** Inspected images, stored by digest. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { timestamp } from '../core/fields.ts';
import { verdict, verdictState } from '../reports/coverage.ts';
import { digest } from '../reports/digest.ts';
import { inspectionReport, placedFile } from '../reports/report.ts';

/** Number of findings by severity. */
export const severityCounts = z.object({
  critical: z.number().int(),
  high: z.number().int(),
  medium: z.number().int(),
  low: z.number().int(),
  info: z.number().int(),
});
export type SeverityCounts = z.output<typeof severityCounts>;

export const image = z.object({
  digest: digest.describe(
    'Manifest digest; the configuration digest if the container engine stores no manifest',
  ),
  project: projectName,
  names: z.array(z.string()).describe('Names of the image, latest first'),
  platform: z.string().nullable().describe('For example `linux/arm64/v8`'),
  distribution: z.string().nullable().describe('For example `Debian GNU/Linux 13 (trixie)`'),
  verdict: verdictState,
  layers: z.number().int(),
  packages: z.number().int(),
  files: z.number().int().describe('Number of files, visible and hidden'),
  findings: severityCounts,
  sizeBytes: z.number().int().describe('Size of the stored layers in bytes'),
  inspectedAt: timestamp,
});
export type Image = z.output<typeof image>;

const { shape } = inspectionReport;

/** The report without its long lists, which have separate operations. */
export const imageDetail = image.omit({ verdict: true, layers: true, distribution: true }).extend({
  source: shape.source,
  image: shape.image,
  layers: shape.layers,
  distribution: shape.distribution,
  users: shape.users.describe('At most 1,000 entries, as in the lists that follow'),
  passwords: shape.passwords,
  groups: shape.groups,
  diagnostics: shape.diagnostics,
  special: shape.special,
  unowned: shape.unowned,
  coverage: shape.coverage,
  verdict,
  fingerprint: shape.fingerprint,
  inspection: z.string().describe('ID of the inspection that produced the report'),
});
export type ImageDetail = z.output<typeof imageDetail>;

/** A file or directory of an image. */
export const imageFile = placedFile.extend({
  name: z.string(),
  hasChildren: z
    .boolean()
    .describe('Whether it has children: a directory, or an archive whose content was examined'),
  implied: z
    .boolean()
    .describe('Whether the directory has no entry in a layer and is implied by the paths below it'),
});
export type ImageFile = z.output<typeof imageFile>;

export const reportFormats = ['json', 'cyclonedx', 'spdx', 'sarif', 'collector'] as const;
