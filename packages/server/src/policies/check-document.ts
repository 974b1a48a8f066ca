/** Checking of policy documents before they are stored, with the position of every fault. */
import { Problem, type PolicyCheck, type ProblemField } from '@lazaret/protocol';
import { parsePolicy, type Policy, type PolicyFault } from '@lazaret/policy';

import type { StoredFault } from '../floor/db/schema.ts';
import { storable } from '../floor/storable.ts';

/** The policy, or every fault with its position. */
export function checkDocument(document: string): {
  readonly policy?: Policy;
  readonly faults: readonly PolicyFault[];
} {
  const { policy, faults } = parsePolicy(document);
  if (policy === undefined) return { faults };
  if (policy.vex.length === 0) return { policy, faults: [] };
  const message =
    'the server reads no files of a policy: import them with `lazaret exceptions import`';
  return { faults: [{ line: undefined, column: undefined, path: 'vex', message }] };
}

/** Throws invalid_request with the line, column and expectation of each fault. */
export function requireDocument(document: string): Policy {
  const { policy, faults } = checkDocument(document);
  if (policy !== undefined) return policy;
  throw new Problem('invalid_request', 'the document is not a valid policy', {
    fields: faults.map(toField),
  });
}

function toField({ line, column, path, message }: PolicyFault): ProblemField {
  const where = line === undefined ? 'document' : `line ${line}, column ${column ?? 1}`;
  return { path: where, message: path === '' ? message : `${path}: ${message}` };
}

/** As it is stored and returned: with the path of the field in the message. */
export function toStoredFault({ line, column, path, message }: PolicyFault): StoredFault {
  const text = storable(path === '' ? message : `${path}: ${message}`);
  return { line: line ?? null, column: column ?? null, message: text };
}

/** The result of a check as the API returns it. */
export function describeCheck(document: string): PolicyCheck {
  const { policy, faults } = checkDocument(document);
  return {
    valid: faults.length === 0,
    name: policy?.name ?? null,
    description: policy?.description ?? null,
    rules: policy?.rules.length ?? 0,
    tests: policy?.tests.length ?? 0,
    faults: faults.map(toStoredFault),
    warnings: policy?.warnings.map(toStoredFault) ?? [],
  };
}
