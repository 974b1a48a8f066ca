/** Errors of the fields of a value, for requests, configuration and manifests. */
import type { z } from 'zod';

import { issueMessage } from './issue-message.ts';
import { formatPath } from './format-path.ts';
import type { ProblemField } from './problem.ts';
import { findUnknownFields } from './unknown-fields.ts';

export interface FieldContext {
  /** Path of the value itself, such as `['inspection']`. */
  readonly path: readonly string[];
  /** The noun for a name in messages; `field` unless given. */
  readonly noun?: 'field' | 'parameter';
}

/**
 * The value as the schema reads it, or what is wrong with it. Unknown fields come first, with the
 * nearest name: a misspelled name is often why another field is missing.
 */
export function readFields<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { path, noun = 'field' }: FieldContext,
): { readonly data: T; readonly errors: [] } | { readonly errors: ProblemField[] } {
  const parsed = schema.safeParse(value);
  const unknown = findUnknownFields(schema, value, { path, noun });
  if (parsed.success && unknown.length === 0) return { data: parsed.data, errors: [] };
  const prefix = path.join('.');
  const issues = (parsed.error?.issues ?? [])
    .filter(({ code }) => code !== 'unrecognized_keys' || unknown.length === 0)
    .flatMap((issue) => describeIssue(issue, prefix, value));
  return { errors: [...unknown, ...issues] };
}

/** `expected …` with its path, for an issue that zod reports about the value. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  prefix: string,
  value: unknown,
): ProblemField[] {
  const path = formatPath(prefix === '' ? issue.path : [prefix, ...issue.path]);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: 'unknown field',
    }));
  }
  return [{ path: path === '' ? 'body' : path, message: issueMessage(issue, value) }];
}
