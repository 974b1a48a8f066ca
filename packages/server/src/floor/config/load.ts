/**
 * Reads the configuration: file, then environment, then flags; every problem at once. The file is
 * that of `--config` or LAZARET_CONFIG, otherwise that of the data directory if it exists.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Problem, type ProblemField, nearestName, readFields } from '@lazaret/protocol';
import { parseDocument } from 'yaml';

import { findConfigurationFile } from './configuration-file.ts';
import { flag, type Option } from './option.ts';
import {
  flagOf,
  optionKeys,
  options,
  variableOf,
  type Configuration,
  type OptionKey,
} from './options.ts';

export interface LoadedConfiguration {
  readonly values: Configuration;
  /** The file that was read, or that `--config` specified. */
  readonly file: string | undefined;
  /** The source of each value: `default`, a file, a variable or a flag. */
  readonly sources: Readonly<Record<OptionKey, string>>;
}

export interface ConfigurationSources {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** Throws `invalid_configuration` with one field for each error. */
export function loadConfiguration(sources: ConfigurationSources): LoadedConfiguration {
  const fields: ProblemField[] = [];
  const flags = readFlags(sources.argv, fields);
  const overriding = [...readEnvironment(sources.environment, fields), ...flags.given];
  const named = flags.file ?? sources.environment['LAZARET_CONFIG'];
  const file = named ?? findConfigurationFile(dataDirectoryOf(overriding));
  const given = new Map<OptionKey, Given>([
    ...(file === undefined ? [] : readFile(file, fields, named === undefined)),
    ...overriding,
  ]);
  const values: Partial<Record<OptionKey, unknown>> = {};
  const origins: Partial<Record<OptionKey, string>> = {};
  for (const key of optionKeys) {
    const row: Option = options[key];
    const { value, source } = given.get(key) ?? { value: row.fallback, source: 'default' };
    origins[key] = source;
    const parsed = readFields(row.schema, resolveSecret(key, { value, source }, fields), {
      path: [key],
    });
    if ('data' in parsed) values[key] = parsed.data;
    fields.push(
      ...parsed.errors.map((one) => ({ ...one, message: `${one.message} (from ${source})` })),
    );
  }
  const [first] = fields;
  if (first !== undefined) {
    throw new Problem('invalid_configuration', `${first.path}: ${first.message}`, { fields });
  }
  return {
    values: values as Configuration,
    file,
    sources: origins as Record<OptionKey, string>,
  };
}

/** Options for display: secrets masked. */
export function describeConfiguration(
  loaded: LoadedConfiguration,
): { key: string; value: unknown; source: string; summary: string }[] {
  return optionKeys.map((key) => {
    const row: Option = options[key];
    const value = loaded.values[key];
    const masked = row.secret === true && value !== '' ? '********' : value;
    return { key, value: masked, source: loaded.sources[key], summary: row.summary };
  });
}

/** The last one wins, as in the configuration. */
function dataDirectoryOf(given: readonly (readonly [OptionKey, Given])[]): string {
  const [, data] = given.findLast(([key]) => key === 'data') ?? [];
  return typeof data?.value === 'string' && data.value !== ''
    ? data.value
    : String(options.data.fallback);
}

function readFile(
  path: string,
  fields: ProblemField[],
  isInDataDirectory: boolean,
): [OptionKey, Given][] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    fields.push({ path, message: `cannot be read: ${(error as Error).message}` });
    return [];
  }
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    fields.push(...document.errors.map((error) => ({ path, message: yamlMessage(error.message) })));
    return [];
  }
  const content: unknown = document.toJS({ maxAliasCount: 10 }) ?? {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    fields.push({ path, message: 'expected `key: value` lines' });
    return [];
  }
  return Object.entries(content as object).flatMap(([key, value]) => {
    const known = findKey(key);
    if (known === 'data' && isInDataDirectory) {
      const message = `cannot be set in ${path}, which is in the data directory; use --data`;
      fields.push({ path: key, message });
      return [];
    }
    if (known !== undefined) return [[known, { value, source: path }] as [OptionKey, Given]];
    fields.push(unknownKey(key, optionKeys, path));
    return [];
  });
}

/** The first line of the message; the excerpt of the file that follows it does not fit one line. */
function yamlMessage(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/:$/, '');
}

/** Variables of other programs with our prefix are listed here and ignored. */
const otherVariables = [
  'LAZARET_CONFIG',
  'LAZARET_SERVER',
  'LAZARET_TOKEN',
  'LAZARET_OUTPUT',
  'LAZARET_DEBUG',
  'LAZARET_CONTEXT',
];

function readEnvironment(
  environment: ConfigurationSources['environment'],
  fields: ProblemField[],
): [OptionKey, Given][] {
  const byVariable = new Map(optionKeys.map((key) => [variableOf(key), key]));
  const given: [OptionKey, Given][] = [];
  for (const key of optionKeys) {
    const { variable } = options[key] as Option;
    const value = variable === undefined ? undefined : environment[variable];
    if (value !== undefined && value !== '') given.push([key, { value, source: `$${variable}` }]);
  }
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('LAZARET_') || otherVariables.includes(variable)) continue;
    const key = byVariable.get(variable);
    if (key === undefined)
      fields.push(unknownKey(variable, [...byVariable.keys()], 'the environment'));
    else given.push([key, { value, source: `$${variable}` }]);
  }
  return given;
}

function readFlags(
  argv: readonly string[],
  fields: ProblemField[],
): { readonly file: string | undefined; readonly given: [OptionKey, Given][] } {
  const byFlag = new Map(optionKeys.map((key) => [flagOf(key), key]));
  const given: [OptionKey, Given][] = [];
  let file: string | undefined;
  for (let position = 0; position < argv.length; position += 1) {
    const [name = '', ...rest] = (argv[position] ?? '').split('=');
    const key = byFlag.get(name);
    if (name !== '--config' && key === undefined) {
      fields.push(unknownKey(name, ['--config', ...byFlag.keys()], 'the command line'));
      // The next argument was meant as its value.
      if (rest.length === 0 && argv[position + 1]?.startsWith('-') === false) position += 1;
      continue;
    }
    const inline = rest.length > 0 ? rest.join('=') : isSwitch(key) ? 'true' : undefined;
    const value = inline ?? argv[(position += 1)];
    if (value === undefined) fields.push({ path: name, message: 'expected a value after it' });
    else if (key === undefined) file = value;
    else given.push([key, { value, source: name }]);
  }
  return { file, given };
}

/** Options without a value on the command line: `--gate-anonymous`. */
function isSwitch(key: OptionKey | undefined): boolean {
  return key !== undefined && options[key].schema === flag;
}

/** Keys of the file may be written in any case, with dashes or underscores. */
function findKey(written: string): OptionKey | undefined {
  const plain = written.replaceAll(/[-_]/g, '').toLowerCase();
  return optionKeys.find((key) => key.toLowerCase() === plain);
}

function unknownKey(key: string, known: readonly string[], where: string): ProblemField {
  const suggestion = nearestName(key, known);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const noun = key.startsWith('LAZARET_') ? 'variable' : 'option';
  return { path: key, message: `unknown ${noun} (from ${where})${hint}` };
}

/** Secrets may be in separate files: `file:/run/secrets/database-url`. */
function resolveSecret(key: OptionKey, given: Given, fields: ProblemField[]): unknown {
  const { secret } = options[key] as Option;
  if (secret !== true || typeof given.value !== 'string') return given.value;
  if (!given.value.startsWith('file:')) return given.value;
  const path = resolve(given.value.slice('file:'.length));
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    fields.push({
      path: key,
      message: `the file ${path} cannot be read: ${(error as Error).message}`,
    });
    return '';
  }
}
