/** Images that were inspected: what is stored of them, by digest. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { timestamp } from '../core/fields.ts';
import { verdict, verdictState } from '../reports/coverage.ts';
import { digest, inspectionReport, placedFile } from '../reports/report.ts';

/** How many findings there are of each severity. */
export const severityCounts = z.object({
  critical: z.number().int(),
  high: z.number().int(),
  medium: z.number().int(),
  low: z.number().int(),
  info: z.number().int(),
});
export type SeverityCounts = z.output<typeof severityCounts>;

export const image = z.object({
  /** Of the manifest; of the configuration where an engine knows no manifest. */
  digest,
  project: projectName,
  /** Names under which it was met, the latest first. */
  names: z.array(z.string()),
  /** `linux/arm64/v8` */
  platform: z.string().nullable(),
  /** `Debian GNU/Linux 13 (trixie)` */
  distribution: z.string().nullable(),
  verdict: verdictState,
  layers: z.number().int(),
  packages: z.number().int(),
  /** Files of both views. */
  files: z.number().int(),
  findings: severityCounts,
  /** Stored bytes of the layers. */
  sizeBytes: z.number().int(),
  inspectedAt: timestamp,
});
export type Image = z.output<typeof image>;

const { shape } = inspectionReport;

/** The report without its long lists, which have operations of their own. */
export const imageDetail = image.omit({ verdict: true, layers: true, distribution: true }).extend({
  source: shape.source,
  image: shape.image,
  layers: shape.layers,
  distribution: shape.distribution,
  /** Lists are cut at `imageListItems`. */
  users: shape.users,
  passwords: shape.passwords,
  groups: shape.groups,
  unknowns: shape.unknowns,
  special: shape.special,
  unowned: shape.unowned,
  coverage: shape.coverage,
  verdict,
  fingerprint: shape.fingerprint,
  /** Id of the inspection that it is from. */
  inspection: z.string(),
});
export type ImageDetail = z.output<typeof imageDetail>;

/** A file as a tree shows it. */
export const imageFile = placedFile.extend({
  name: z.string(),
  /** Whether something lies below it: a directory, or an archive that was looked into. */
  hasChildren: z.boolean(),
  /** No entry of its own: known from the paths below it. */
  implied: z.boolean(),
});
export type ImageFile = z.output<typeof imageFile>;

export const reportFormats = ['json', 'cyclonedx', 'spdx', 'sarif'] as const;

/** An image by its digest or by the first six digits of it or more, as lists show them. */
export const digestStart: z.ZodType<string, string> = z
  .string()
  .regex(
    /^(?:[a-z0-9]+(?:[+._-][a-z0-9]+)*:)?[0-9a-f]{6,128}$/i,
    'expected a digest, or at least 6 hexadecimal digits of its beginning',
  )
  .transform((text) => (text.includes(':') ? text : `sha256:${text}`).toLowerCase());
