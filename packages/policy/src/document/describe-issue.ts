/** Errors of the schema as faults with a position in the YAML document. */
import { issueMessage, nearestName } from '@lazaret/protocol';
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
  if (issue.code === 'invalid_key') {
    return [document.fault(path, issue.issues[0]?.message ?? 'invalid name')];
  }
  return [document.fault(path, describe(issue, document.value))];
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

/** The message that every schema of the product gives, and what helps in a YAML document. */
function describe(issue: Issue, root: unknown): string {
  const message = issueMessage(issue, root);
  const value = valueAt(root, issue.path as Path);
  if (value === undefined) return `missing; ${message.replace(/, received .*$/, '')}`;
  return `${message}${adviceFor(issue, value)}`;
}

function adviceFor(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string' && issue.values.length > 1) {
    const meant = nearestName(value, issue.values.map(String));
    return meant === undefined ? '' : `; did you mean "${meant}"?`;
  }
  // YAML reads 3.10 as the number 3.1
  const isUnquoted =
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    ['number', 'boolean'].includes(typeof value);
  if (isUnquoted) return '; put it in quotes';
  const isOwnMessage = issue.code === 'invalid_format' || issue.code === 'invalid_union';
  return isOwnMessage ? `, received ${JSON.stringify(value)?.slice(0, shownChars)}` : '';
}

const shownChars = 60;

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
