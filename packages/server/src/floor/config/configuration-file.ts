/**
 * The configuration file in the data directory: read unless another is given, written with comments
 * on the first start, and changed by `lazaret setup` without losing comments.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Problem } from '@lazaret/protocol';
import { parseDocument, stringify, type Document } from 'yaml';

import type { Option } from './option.ts';
import { flagOf, optionKeys, options, variableOf, type OptionKey } from './options.ts';

/** Name of the file in the data directory. */
const fileName = 'lazaret.yaml';

/** Options that determine the path of the file, so that it cannot contain them. */
const outside: readonly OptionKey[] = ['data'];

/** The path of the file of a data directory, whether it exists or not. */
export function configurationFileOf(dataDirectory: string): string {
  return join(dataDirectory, fileName);
}

/** The file of a data directory when it exists. */
export function findConfigurationFile(dataDirectory: string): string | undefined {
  const path = configurationFileOf(dataDirectory);
  return existsSync(path) ? path : undefined;
}

/** Writes the file with every option as a comment, unless it exists; returns whether it did. */
export function writeConfigurationFile(dataDirectory: string): boolean {
  const path = configurationFileOf(dataDirectory);
  if (existsSync(path)) return false;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, commentedOptions(), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    // Another process of the instance was faster.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The text of a file without effect: every option with its explanation and default. */
export function commentedOptions(): string {
  const keys = optionKeys.filter((key) => !outside.includes(key));
  return [
    '# Configuration of Lazaret. Remove the "# " before an option to change it, then restart.',
    '# Variables of the environment and flags override this file.',
    '#   lazaret config check   checks the file',
    '#   lazaret config print   prints the effective values and where each comes from',
    '',
    ...keys.flatMap((key) => [...describeOption(key), '']),
  ].join('\n');
}

function describeOption(key: OptionKey): string[] {
  const row: Option = options[key];
  const value = stringify({ [key]: row.fallback })
    .trimEnd()
    .split('\n');
  return [
    `# ${row.summary}. Also ${flagOf(key)}, ${variableOf(key)}`,
    ...value.map((line) => `# ${line}`),
  ];
}

/**
 * Sets values below a key of the file, which is created when missing; comments are kept. The file
 * is replaced atomically, so that no reader gets a partial one. Throws Problem
 * `invalid_configuration` when it is not valid YAML.
 */
export function changeConfigurationFile(
  path: string,
  key: OptionKey,
  values: Readonly<Record<string, unknown>>,
): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : commentedOptions();
  const document = parseFile(path, text);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) document.deleteIn([key, name]);
    else document.setIn([key, name], value);
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const mode = existsSync(path) ? statSync(path).mode & 0o777 : 0o600;
  const written = `${path}.${randomUUID()}`;
  writeFileSync(written, document.toString({ lineWidth: 100 }), { flag: 'wx', mode });
  renameSync(written, path);
}

function parseFile(path: string, text: string): Document {
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw new Problem('invalid_configuration', `${path}: ${error.message}`);
  if (document.contents === null) {
    // Only comments: they belong to the document, not to a value.
    const empty = parseDocument('{}\n');
    empty.commentBefore = document.commentBefore ?? document.comment;
    if (empty.contents !== null && 'flow' in empty.contents) empty.contents.flow = false;
    return empty;
  }
  return document;
}
