/** Validation of a call with the schemas of its operation. */
import {
  Problem,
  readFields,
  type Operation,
  type OperationInput,
  type ProblemField,
} from '@lazaret/protocol';
import { z } from 'zod';

import { checkValues } from './check-values.ts';

interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

type Part = 'path' | 'query' | 'body';

/** An operation without a schema for a part expects it to be empty. */
const empty = z.strictObject({});

/** The validated input, or one problem that names every invalid or unknown field. */
export function validate(operation: Operation, raw: RawInput): OperationInput<Operation> {
  const fields: ProblemField[] = [];
  const check = (part: Part, schema: z.ZodType | undefined, value: unknown): unknown => {
    const { data, errors } = validatePart(part, schema ?? empty, value);
    fields.push(...errors);
    return schema === undefined ? undefined : data;
  };
  const takesBody = operation.bodyKind === 'json';
  const input = {
    params: check('path', operation.params, raw.params ?? {}),
    query: check('query', operation.query, raw.query ?? {}),
    body: check('body', takesBody ? operation.body : undefined, raw.body ?? {}),
  };
  if (fields.length === 0) return input as OperationInput<Operation>;
  const [first] = fields;
  const code = first?.path.startsWith('manifest') === true ? 'invalid_manifest' : 'invalid_request';
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  throw new Problem(code, `${first?.path}: ${first?.message}${more}`, { fields });
}

function validatePart(
  part: Part,
  schema: z.ZodType,
  value: unknown,
): { readonly data?: unknown; readonly errors: readonly ProblemField[] } {
  const prefix = part === 'body' ? '' : part;
  const invalid = checkValues(value, prefix);
  if (invalid.length > 0) return { errors: invalid };
  return readFields(schema, value, {
    path: prefix === '' ? [] : [prefix],
    noun: part === 'query' ? 'parameter' : 'field',
  });
}
