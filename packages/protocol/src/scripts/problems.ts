/** Problems of collector scripts. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const scriptProblems = {
  invalid_script: {
    status: 422,
    title: 'The script cannot run',
    hint: 'Binaries must be statically linked programs for Linux and the architecture of the server; scripts are text in UTF-8.',
  },
  scripts_disabled: {
    status: 409,
    title: 'The server does not run scripts',
    hint: 'Set `enabled: true` in the section `scripts` of the configuration, and restart the server.',
  },
} as const satisfies Record<string, ProblemKind>;
