/** Problems of inspections. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const inspectionProblems = {
  invalid_reference: {
    status: 400,
    title: 'That reference is not inspected here',
    hint: 'Name an image of a registry, as in registry.lab/app:1.2 or app@sha256:DIGEST; the operator of the server can allow what the detail names.',
  },
} as const satisfies Record<string, ProblemKind>;
