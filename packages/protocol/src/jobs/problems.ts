/** Problems of jobs. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const jobProblems = {
  invalid_parameters: {
    status: 400,
    title: 'The parameters do not fit the engine',
    hint: 'The engine page shows the schema of its parameters.',
  },
  invalid_input: {
    status: 400,
    title: 'The inputs do not fit the engine',
    hint: 'The engine page says how many inputs it takes, of which kind and size.',
  },
  selection_too_large: {
    status: 409,
    title: 'The selection is too large',
    hint: 'Nothing was changed. Narrow the filter; the detail names the limit.',
  },
  no_result: {
    status: 404,
    title: 'There is no result',
    hint: 'Look at the state and the log of the job.',
  },
  lease_lost: {
    status: 409,
    title: 'The attempt belongs to another worker now',
    hint: 'Nothing to do: the late answer was refused and the present attempt goes on.',
  },
} as const satisfies Record<string, ProblemKind>;
