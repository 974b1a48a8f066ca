/** Problems of jobs. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const jobProblems = {
  invalid_parameters: {
    status: 400,
    title: 'Invalid engine parameters',
    hint: 'The engine page shows the schema of its parameters.',
  },
  invalid_input: {
    status: 400,
    title: 'Invalid engine input',
    hint: 'The engine page shows the number, type and size of inputs that it accepts.',
  },
  selection_too_large: {
    status: 409,
    title: 'The selection is too large',
    hint: 'Nothing was changed. Narrow the filter; the detail names the limit.',
  },
  no_result: {
    status: 404,
    title: 'No result',
    hint: 'See the state and the log of the job.',
  },
} as const satisfies Record<string, ProblemKind>;
