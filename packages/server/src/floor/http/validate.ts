/** Validation of a call against its row. */
import { Problem, type Operation, type OperationInput, type ProblemField } from '@lazaret/protocol';
import type { z } from 'zod';

import { checkValues } from './check-values.ts';
import { formatPath } from './format-path.ts';

interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** The validated input, or one problem that names every wrong field. */
export function validate(operation: Operation, raw: RawInput): OperationInput<Operation> {
  const fields: ProblemField[] = [];
  const take = (schema: z.ZodType | undefined, value: unknown, place: string): unknown => {
    if (schema === undefined) return undefined;
    const unfit = checkValues(value, place);
    fields.push(...unfit);
    if (unfit.length > 0) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    fields.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, place)));
    return undefined;
  };
  const input = {
    params: take(operation.params, raw.params, 'path'),
    query: take(operation.query, raw.query, 'query'),
    body: operation.bodyKind === 'json' ? take(operation.body, raw.body ?? {}, '') : undefined,
  };
  if (fields.length === 0) return input as OperationInput<Operation>;
  const [first] = fields;
  const code = first?.path.startsWith('manifest') === true ? 'invalid_manifest' : 'invalid_request';
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  throw new Problem(code, `${first?.path}: ${first?.message}${more}`, { fields });
}

/** `expected …` with its path, for each thing that zod found wrong. */
export function describeIssue(issue: z.core.$ZodIssue, place: string): ProblemField[] {
  const path = formatPath(place === '' ? issue.path : [place, ...issue.path]);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: 'is not a field that is known here',
    }));
  }
  const message = issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, '');
  return [{ path: path === '' ? 'body' : path, message }];
}
