/** Errors of the schema in words: what was expected, what was found, what was probably meant. */
import { nearestName } from '@lazaret/protocol';
import type { z } from 'zod';

import { plannedVariables } from '../expression/catalogue.ts';
import type { Path, PolicyFault } from './policy-fault.ts';
import type { YamlDocument } from './read-yaml.ts';

type Issue = z.core.$ZodIssue;

/** @param root The schema in which names of fields are looked up. */
export function describeIssue(
  issue: Issue,
  document: YamlDocument,
  root: z.ZodType,
): PolicyFault[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(root, path);
    return issue.keys.map((key) => document.faultAtKey([...path, key], unknownField(key, known)));
  }
  const value = valueAt(document.value, path);
  if (issue.code === 'invalid_key') {
    return [document.fault(path, issue.issues[0]?.message ?? 'invalid name')];
  }
  return [document.fault(path, describe(issue, value))];
}

function unknownField(key: string, known: readonly string[]): string {
  const singular = key.replace(/s$/, '');
  const planned = plannedVariables[key] ?? plannedVariables[`${singular}s`];
  if (planned?.startsWith('inspections') === true || singular === 'script') {
    return `unknown field "${key}": ${planned}`;
  }
  const meant = nearestName(key, known);
  const advice =
    meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown field "${key}"; ${advice}`;
}

function describe(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_value') return expectOne(issue.values.map(String), value);
  if (issue.code === 'invalid_type') return expectType(issue.expected, value);
  if (issue.code === 'too_small') {
    return `expected at least ${issue.minimum} ${unitOf(issue.origin)}`.trim();
  }
  if (issue.code === 'too_big') {
    return `expected at most ${issue.maximum} ${unitOf(issue.origin)}`.trim();
  }
  const message = lowerFirst(issue.message);
  if (issue.code !== 'invalid_format' && issue.code !== 'invalid_union') return message;
  return value === undefined ? `missing; ${message}` : `${message}, got ${show(value)}`;
}

function expectType(expected: string, value: unknown): string {
  const name = nameOfType(expected);
  if (value === undefined) return `missing; expected ${name}`;
  // YAML reads 3.10 as the number 3.1
  const isUnquoted = expected === 'string' && ['number', 'boolean'].includes(typeof value);
  const advice = isUnquoted ? '; put it in quotes' : '';
  return `expected ${name}, got ${show(value)}${advice}`;
}

function expectOne(values: readonly string[], value: unknown): string {
  const list = values.map((one) => `"${one}"`).join(', ');
  const expected = values.length === 1 ? list : `one of ${list}`;
  if (value === undefined) return `missing; expected ${expected}`;
  const meant = typeof value === 'string' ? nearestName(value, values) : undefined;
  const advice = meant === undefined || values.length === 1 ? '' : `; did you mean "${meant}"?`;
  return `expected ${expected}, got ${show(value)}${advice}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields',
  record: 'names with values',
};

function nameOfType(expected: string): string {
  return typeNames[expected] ?? expected;
}

function unitOf(origin: string): string {
  if (origin === 'string') return 'characters';
  return origin === 'array' ? 'entries' : '';
}

const shownChars = 60;

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'fields';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shownChars ? `${text.slice(0, shownChars)}...` : text;
}

function lowerFirst(message: string): string {
  return message.replace(/^Invalid/, 'invalid').replace(/^Expected/, 'expected');
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (current, key) =>
      typeof current === 'object' && current !== null
        ? (current as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

interface Definition {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly shape?: z.core.$ZodShape;
}

/** Names of the fields that a schema has at a path. */
function fieldsAt(root: z.core.$ZodType, path: Path): string[] {
  let schema: z.core.$ZodType | undefined = root;
  for (const key of path) {
    const { shape, element, valueType }: Definition = unwrap(schema);
    schema = typeof key === 'number' ? element : (shape?.[key] ?? valueType);
  }
  return Object.keys(unwrap(schema).shape ?? {});
}

function unwrap(schema: z.core.$ZodType | undefined): Definition {
  let definition = (schema?._zod.def ?? {}) as Definition;
  for (;;) {
    const inner = definition.innerType ?? definition.in ?? definition.out;
    if (inner === undefined) return definition;
    definition = inner._zod.def as Definition;
  }
}
