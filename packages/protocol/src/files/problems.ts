/** Problems of files. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const fileProblems = {
  source_unavailable: {
    status: 502,
    title: 'The source of the image cannot provide the file',
    hint: 'Layers are not stored here: the image must still be where it was inspected. Inspect it again where it is now, or upload its archive.',
  },
} as const satisfies Record<string, ProblemKind>;
