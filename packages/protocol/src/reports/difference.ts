/** Differences between two inspection reports. */
import { z } from 'zod';

import { verdict } from './coverage.ts';
import { packageType } from './fact.ts';
import { placedFinding } from './report.ts';

export const packageDifference = z.object({
  type: packageType,
  name: z.string(),
  before: z
    .array(z.string())
    .describe('Versions that only the first image has, and that only the second image has'),
  after: z.array(z.string()),
});
export type PackageDifference = z.output<typeof packageDifference>;

/** The same package in the same version at another path. */
export const movedPackage = z.object({
  type: packageType,
  name: z.string(),
  versions: z.array(z.string()),
  from: z.array(z.string()),
  to: z.array(z.string()),
});
export type MovedPackage = z.output<typeof movedPackage>;

export const fileDifference = z.object({
  path: z.string(),
  fields: z
    .array(z.string())
    .optional()
    .describe('Changed attributes: `content`, `mode`, `owner`, `type`, `link`, `capabilities`'),
  directory: z
    .string()
    .optional()
    .describe(
      'Of an added or removed file: the topmost directory that was added or removed with it',
    ),
});
export type FileDifference = z.output<typeof fileDifference>;

/** A file whose content is the same at another path. */
export const movedFile = z.object({ from: z.string(), to: z.string() });
export type MovedFile = z.output<typeof movedFile>;

export const configDifference = z.object({
  field: z.string().describe('`user`, `env.PATH`, `labels.version`, `distribution`...'),
  before: z.string().optional().describe('As JSON; absent where it is not set'),
  after: z.string().optional(),
});
export type ConfigDifference = z.output<typeof configDifference>;

/**
 * Why a part of the reports is not comparable. `scanner_not_used`, `scanner_unhealthy`: of one
 * image. `different_scanner_version`, `different_signatures`: also other rules, lists or
 * advisories. `different_inspector`: another version of a built-in check. `partial_coverage`:
 * something was not examined in one image. `not_recorded`: one report does not contain this part.
 */
export const incomparability = z.object({
  part: z.enum(['findings', 'packages', 'files', 'configuration']),
  scanner: z.string().optional().describe('Of findings: the scanner'),
  reason: z.enum([
    ...(['scanner_not_used', 'scanner_unhealthy', 'different_scanner_version'] as const),
    ...(['different_signatures', 'different_inspector'] as const),
    ...(['partial_coverage', 'not_recorded'] as const),
  ]),
  detail: z.string(),
});
export type Incomparability = z.output<typeof incomparability>;

const reasonTexts: Readonly<Record<Incomparability['reason'], string>> = {
  scanner_not_used: 'scanner not used',
  scanner_unhealthy: 'scanner unhealthy',
  different_scanner_version: 'different scanner versions',
  different_signatures: 'different signatures',
  different_inspector: 'different inspector versions',
  partial_coverage: 'partial coverage',
  not_recorded: 'not recorded',
};

/** `yara findings: scanner not used (second image)`. */
export function describeIncomparability(one: Incomparability): string {
  const part = one.scanner === undefined ? one.part : `${one.scanner} ${one.part}`;
  return `${part}: ${reasonTexts[one.reason]} (${one.detail})`;
}

/** Items that only one report lists, without proof of a difference of the images. */
function notComparable<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ before: z.ZodArray<T>; after: z.ZodArray<T> }> {
  return z.object({ before: z.array(item), after: z.array(item) });
}

export const reportDifference = z.object({
  before: z.object({ name: z.string(), fingerprint: z.string(), verdict }),
  after: z.object({ name: z.string(), fingerprint: z.string(), verdict }),
  layers: z
    .object({
      common: z.number().int(),
      removed: z.number().int(),
      added: z.number().int(),
    })
    .describe(
      'Layers of both images, those only in the first, those only in the second; by diffID',
    ),
  packages: z.object({
    added: z.array(packageDifference),
    removed: z.array(packageDifference),
    changed: z.array(packageDifference),
    moved: z.array(movedPackage),
    notComparable: notComparable(packageDifference),
  }),
  files: z
    .object({
      added: z.array(fileDifference),
      removed: z.array(fileDifference),
      changed: z.array(fileDifference),
      moved: z.array(movedFile),
      notComparable: notComparable(fileDifference),
    })
    .optional()
    .describe('Of the merged views; absent unless both reports list their files'),
  findings: z.object({
    new: z.array(placedFinding),
    gone: z.array(placedFinding),
    moved: z
      .array(z.object({ finding: placedFinding, from: z.string() }))
      .describe('The finding at its path in the second image, and its path in the first'),
    notComparable: notComparable(placedFinding),
  }),
  config: z.array(configDifference),
  notComparable: z
    .array(incomparability)
    .describe('Parts that cannot be compared, with the reason'),
  caveats: z.array(z.string()).describe('Partial coverage and different versions of the inspector'),
});
export type ReportDifference = z.output<typeof reportDifference>;

/** Files of one list, with added or removed directories joined to one group each. */
export interface FileGroup {
  /** Path of the directory, or of the only file. */
  readonly path: string;
  /** The files of the directory; absent for a single file. */
  readonly entries?: readonly FileDifference[];
  readonly fields?: readonly string[];
}

/** Joins several files of the same added or removed directory, in the order of the list. */
export function groupByDirectory(files: readonly FileDifference[]): FileGroup[] {
  const groups = new Map<string, FileGroup & { readonly entries: FileDifference[] }>();
  const result: FileGroup[] = [];
  for (const file of files) {
    const { path, directory, fields } = file;
    if (directory === undefined) {
      result.push({ path, ...(fields === undefined ? {} : { fields }) });
      continue;
    }
    const known = groups.get(directory);
    if (known === undefined) {
      const group = { path: directory, entries: [file] };
      groups.set(directory, group);
      result.push(group);
    } else {
      known.entries.push(file);
    }
  }
  // A directory with one file is less informative than the file.
  return result.map((group) => (group.entries?.length === 1 ? fileOf(group.entries) : group));
}

function fileOf([file]: readonly FileDifference[]): FileGroup {
  const { path = '', fields } = file ?? {};
  return { path, ...(fields === undefined ? {} : { fields }) };
}
