/** Settings of inspections from a configuration file, the same section that a server reads. */
import { existsSync } from 'node:fs';

import {
  inspectionSettingPath,
  inspectionSettings,
  nearestName,
  readFields,
  type InspectionSettings,
} from '@lazaret/protocol';

import type { Shell } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { readDocument } from '../../files/read-document.ts';

const section = 'inspection';

/**
 * The section `inspection` of the file; defaults without a file. Other sections are those of a
 * server and not checked. Throws a usage failure that names every invalid or unknown field.
 */
export async function readSettingsFile(
  shell: Shell,
  path: string | undefined,
): Promise<InspectionSettings> {
  if (path === undefined) return inspectionSettings.parse({});
  const document = await readDocument(shell, path);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw usageFailure(`${path}: expected \`key: value\` lines`);
  }
  const found = Object.entries(document).find(([key]) => key.toLowerCase() === section);
  if (found === undefined) throw missingSection(path, Object.keys(document));
  const read = readFields(inspectionSettings, found[1], { path: [section] });
  if ('data' in read) return read.data;
  throw usageFailure(`${path}: invalid configuration`, {
    fields: read.errors.map((error) => ({ ...error, message: `${error.message} (from ${path})` })),
  });
}

const pathSettings = [
  ...(['clamdDatabase', 'yaraRules', 'denyLists', 'allowLists', 'softwareReference'] as const),
  ...(['similarityLists', 'vulnerabilityDatabase'] as const),
];

/**
 * Refuses missing files among the settings that are used, as for flags: each would otherwise be a
 * gap for every file of the image.
 */
export function refuseMissingFiles(
  path: string | undefined,
  settings: Partial<InspectionSettings>,
): void {
  const fields = pathSettings.flatMap((key) =>
    [settings[key] ?? []]
      .flat()
      .filter((file) => !existsSync(file))
      .map((file) => ({
        path: inspectionSettingPath(key),
        message: `${file}: no such file or directory (from ${path})`,
      })),
  );
  if (path === undefined || fields.length === 0) return;
  throw usageFailure(`${path}: invalid configuration`, {
    fields,
    hint: 'Relative paths start at the working directory, not at the configuration file.',
  });
}

function missingSection(path: string, keys: readonly string[]): Error {
  const similar = keys.find((key) => nearestName(key, [section]) !== undefined);
  const found = similar === undefined ? '' : `, but one "${similar}"`;
  return usageFailure(`${path} has no section "${section}"${found}`);
}
