/** Errors of values by the names of the command line: options and arguments, not fields. */
import { formatPath, issueMessage, Problem, type Operation } from '@lazaret/protocol';

import { usageFailure } from '../failure.ts';
import type { FieldFlag } from './operation-flags.ts';

/** Validates a value; throws a usage failure that names the flags. */
export function check(
  schema: Operation['params'] | Operation['body'],
  value: unknown,
  fields: readonly FieldFlag[],
): void {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return;
  const flagOf = (key: PropertyKey | undefined) =>
    fields.find(({ field }) => field === key)?.spec.name;
  const { issues } = result.error;
  const missing = issues.flatMap(({ path: [first, ...rest] }) => {
    const flag = rest.length === 0 ? flagOf(first) : undefined;
    const given = (value as Readonly<Record<PropertyKey, unknown>>)[first ?? ''];
    return flag === undefined || given !== undefined ? [] : [`--${flag}`];
  });
  if (missing.length > 0 && missing.length === issues.length) {
    const noun = missing.length === 1 ? 'option' : 'options';
    throw usageFailure(`missing required ${noun} ${missing.join(', ')}`, {
      hint: '--help shows the options of the command.',
    });
  }
  const problems = issues.map((issue) => {
    const [first, ...rest] = issue.path;
    const flag = flagOf(first);
    // the items of a list are the values of one flag, and need no numbers
    const inside = rest.filter((key) => flag === undefined || typeof key !== 'number');
    const name = flag === undefined ? String(first ?? '') : `--${flag}`;
    const isMissing = missing.includes(name) && rest.length === 0;
    const message = isMissing ? 'missing required option' : issueMessage(issue, value);
    return { path: formatPath([name, ...inside]), message };
  });
  throw usageFailure('invalid value on the command line', { fields: problems });
}

/** `body.image` of the server is the argument `IMAGE` or an option here; others are unchanged. */
export function nameFields(
  error: unknown,
  fields: readonly FieldFlag[],
  positional: readonly string[] = [],
): unknown {
  if (!(error instanceof Problem) || error.fields.length === 0) return error;
  const rename = (path: string): string => {
    const [, field = '', rest = ''] =
      /^(?:(?:body|query|path)\.)?([A-Za-z0-9]+)(.*)$/.exec(path) ?? [];
    if (positional.includes(field)) return `${field.toUpperCase()}${rest}`;
    const flag = fields.find((one) => one.field === field)?.spec.name;
    return flag === undefined ? path : `--${flag}${rest}`;
  };
  const [first] = error.fields;
  const start = `${first?.path}: `;
  const detail =
    first !== undefined && error.message.startsWith(start)
      ? `${rename(first.path)}: ${error.message.slice(start.length)}`
      : error.message;
  return new Problem(error.code, detail, {
    fields: error.fields.map(({ path, message }) => ({ path: rename(path), message })),
    ...{ headers: error.headers, hint: error.hint, cause: error },
  });
}
