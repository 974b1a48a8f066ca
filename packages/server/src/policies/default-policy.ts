/** The policy that ships with Lazaret and is in force until one of its name is applied. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { parsePolicy } from '@lazaret/policy';

import type { PolicyInForce } from './policy-in-force.ts';

export interface BuiltInPolicy extends PolicyInForce {
  readonly document: string;
}

let loaded: BuiltInPolicy | undefined;

/** Read once: it is a file of this release. */
export function builtInPolicy(): BuiltInPolicy {
  loaded ??= load();
  return loaded;
}

function load(): BuiltInPolicy {
  const file = new URL('../../../../policies/default.yaml', import.meta.url);
  const document = readFileSync(file, 'utf8');
  const { policy } = parsePolicy(document);
  if (policy === undefined) throw new Error('the built-in policy is not valid');
  return { policy, document, version: 0, sha256: sha256Of(document) };
}

export function sha256Of(document: string): string {
  return createHash('sha256').update(document).digest('hex');
}
