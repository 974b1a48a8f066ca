/** Problems of engines. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const engineProblems = {
  invalid_manifest: {
    status: 400,
    title: 'The engine manifest is not valid',
    hint: 'Correct the field that is named, then check with `lazaret engines validate FILE`.',
  },
  engine_disabled: {
    status: 409,
    title: 'The engine is disabled',
    hint: 'An operator can enable it: `lazaret engines enable NAME`.',
  },
  container_engine_unavailable: {
    status: 503,
    title: 'The container engine does not answer',
    hint: 'Start Docker, or correct the node in the configuration; `lazaret nodes` shows each.',
  },
  container_engine_refused: {
    status: 502,
    title: 'The container engine refused',
    hint: 'The detail holds its words.',
  },
  image_not_found: {
    status: 400,
    title: 'The image is not on the node and cannot be pulled',
    hint: 'Build or load the image on the node, or name one with its registry.',
  },
} as const satisfies Record<string, ProblemKind>;
