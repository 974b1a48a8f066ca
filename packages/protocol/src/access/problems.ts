/** Problems of access. */
import type { ProblemKind } from '../core/problem-kind.ts';
import { accessLimits } from './limits.ts';

export const accessProblems = {
  setup_link_invalid: {
    status: 400,
    title: 'Invalid or expired sign-in link',
    hint: 'Create a new one on the server: `lazaret users link NAME`.',
  },
  weak_password: {
    status: 400,
    title: 'Password too weak',
    hint: `Use at least ${accessLimits.passwordCharsMin} characters that are not the user name.`,
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication required',
    hint: 'Sign in to the console, or send `Authorization: Bearer TOKEN` (see `lazaret tokens`).',
  },
  wrong_credentials: {
    status: 401,
    title: 'Invalid user name or password',
    hint: 'Check both. An administrator can set a new password.',
  },
  forbidden: {
    status: 403,
    title: 'Permission denied',
    hint: 'Ask an administrator for one of the roles in the detail.',
  },
  csrf_failed: {
    status: 403,
    title: 'CSRF token missing or invalid',
    hint: 'Reload the console and try again.',
  },
  last_administrator: {
    status: 409,
    title: 'Cannot remove the last administrator',
    hint: 'Make another user an administrator first.',
  },
} as const satisfies Record<string, ProblemKind>;
