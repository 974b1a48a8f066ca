/** Problems of files. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const fileProblems = {
  source_unavailable: {
    status: 502,
    title: 'The source of the image cannot provide the file',
    hint: 'Layers are not stored: the source must still have the image. Inspect it again from its current location, or upload its archive.',
  },
} as const satisfies Record<string, ProblemKind>;
