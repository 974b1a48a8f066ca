/** Settings of inspections from a configuration file, the same section that a server reads. */
import {
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

function missingSection(path: string, keys: readonly string[]): Error {
  const similar = keys.find((key) => nearestName(key, [section]) !== undefined);
  const found = similar === undefined ? '' : `, but one "${similar}"`;
  return usageFailure(`${path} has no section "${section}"${found}`);
}
