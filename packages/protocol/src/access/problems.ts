/** Problems of access. */
import type { ProblemKind } from '../core/problem-kind.ts';
import { accessLimits } from './limits.ts';

export const accessProblems = {
  setup_link_invalid: {
    status: 400,
    title: 'The sign-in link is used up, expired or wrong',
    hint: 'Make a new one on the server: `lazaret users link NAME`.',
  },
  weak_password: {
    status: 400,
    title: 'The password is too weak',
    hint: `Use at least ${accessLimits.passwordCharsMin} characters that are not the user name.`,
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    hint: 'Sign in to the console, or send `Authorization: Bearer TOKEN` (see `lazaret tokens`).',
  },
  wrong_credentials: {
    status: 401,
    title: 'Name or password is wrong',
    hint: 'Check both. An administrator can set a new password.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    hint: 'Ask an administrator for the role that the detail names.',
  },
  csrf_failed: {
    status: 403,
    title: 'The request lacks the proof that this console sent it',
    hint: 'Reload the console and try again.',
  },
  last_administrator: {
    status: 409,
    title: 'The last administrator stays',
    hint: 'Make another user administrator first.',
  },
} as const satisfies Record<string, ProblemKind>;
