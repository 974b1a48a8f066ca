/** What lies between two inspections. */
import { z } from 'zod';

import { verdict } from './coverage.ts';
import { packageType } from './fact.ts';
import { placedFinding } from './report.ts';

export const packageDifference = z.object({
  type: packageType,
  name: z.string(),
  /** Versions that only the first has, and that only the second has. */
  before: z.array(z.string()),
  after: z.array(z.string()),
});
export type PackageDifference = z.output<typeof packageDifference>;

export const fileDifference = z.object({
  path: z.string(),
  /** What changed: `content`, `mode`, `owner`, `type`, `link`, `capabilities`. */
  fields: z.array(z.string()).optional(),
});
export type FileDifference = z.output<typeof fileDifference>;

export const configDifference = z.object({
  /** `user`, `env.PATH`, `labels.version`, `distribution`... */
  field: z.string(),
  /** As JSON; absent where it is not set. */
  before: z.string().optional(),
  after: z.string().optional(),
});
export type ConfigDifference = z.output<typeof configDifference>;

export const reportDifference = z.object({
  before: z.object({ name: z.string(), fingerprint: z.string(), verdict }),
  after: z.object({ name: z.string(), fingerprint: z.string(), verdict }),
  /** Layers that both have, those of the first alone, those of the second alone; by diffID. */
  layers: z.object({
    common: z.number().int(),
    removed: z.number().int(),
    added: z.number().int(),
  }),
  packages: z.object({
    added: z.array(packageDifference),
    removed: z.array(packageDifference),
    changed: z.array(packageDifference),
  }),
  /** Of the merged views; absent unless both reports list their files. */
  files: z
    .object({
      added: z.array(fileDifference),
      removed: z.array(fileDifference),
      changed: z.array(fileDifference),
    })
    .optional(),
  findings: z.object({ new: z.array(placedFinding), gone: z.array(placedFinding) }),
  config: z.array(configDifference),
  /** Why an absence proves nothing: coverage of either side that is partial. */
  caveats: z.array(z.string()),
});
export type ReportDifference = z.output<typeof reportDifference>;
