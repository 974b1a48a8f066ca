/** The JSON Schema of a policy document, for editors. */
import { z } from 'zod';

import { policyDocument } from './policy-schema.ts';

/** JSON Schema (2020-12); the check of a document also covers its expressions and references. */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(policyDocument, { io: 'input' });
  return {
    $schema,
    title: 'Policy of Lazaret',
    description: 'What `lazaret policy validate` checks; conditions are CEL',
    ...rest,
  };
}
