/** Problems of hooks. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const hookProblems = {
  hook_not_authentic: {
    status: 401,
    title: 'The notification is not authentic',
    hint: 'Check the address and the secret in the settings of the registry; `lazaret hooks show` says why requests to a hook were refused.',
  },
  hook_secret_unavailable: {
    status: 503,
    title: 'The secret of the hook cannot be read',
    hint: 'Make the file or the environment variable that the hook refers to readable for the server.',
  },
} as const satisfies Record<string, ProblemKind>;
