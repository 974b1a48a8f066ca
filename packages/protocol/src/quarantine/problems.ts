/** Problems of the quarantine. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const quarantineProblems = {
  confirmation_required: {
    status: 409,
    title: 'More would change than was named',
    hint: 'Repeat the request with `confirm` naming each of the listed tags and digests.',
  },
  quarantine_full: {
    status: 507,
    title: 'The quarantine has no space for the evidence',
    hint: 'Purge released images, or raise the option `quarantineSpace`.',
  },
  registry_refused: {
    status: 502,
    title: 'The registry did not do what was asked',
    hint: 'Run `lazaret registries check NAME` for what works with the registry.',
  },
} as const satisfies Record<string, ProblemKind>;
