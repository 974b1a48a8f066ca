/** A file with tests of a policy. */
import type { Policy, PolicyFault, PolicyTest } from '@lazaret/policy';

import type { Shell } from '../../command/command.ts';
import { readText } from '../../files/read-document.ts';
import { loadPolicyPackage } from './load-policy.ts';

export interface TestFile {
  readonly path: string;
  readonly tests: readonly PolicyTest[];
  readonly faults: readonly PolicyFault[];
}

export async function readTests(shell: Shell, path: string, policy: Policy): Promise<TestFile> {
  const { parseTests, policyLimits } = await loadPolicyPackage();
  const text = await readText(shell, path, policyLimits.documentBytes);
  const { tests = [], faults = [] } = parseTests(text, policy);
  return { path, tests, faults };
}
