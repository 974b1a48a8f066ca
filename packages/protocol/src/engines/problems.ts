/** Problems of engines. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const engineProblems = {
  invalid_manifest: {
    status: 400,
    title: 'Invalid engine manifest',
    hint: 'Correct the field in the detail, then check with `lazaret engines validate FILE`.',
  },
  engine_disabled: {
    status: 409,
    title: 'Engine disabled',
    hint: 'An operator can enable it: `lazaret engines enable NAME`.',
  },
  container_engine_unavailable: {
    status: 503,
    title: 'Container engine unavailable',
    hint: 'Start Docker, or correct the node in the configuration; `lazaret nodes` shows the state of each.',
  },
  image_not_found: {
    status: 400,
    title: 'Image not found',
    hint: 'Build or load the image on the node, or give a reference that includes a registry.',
  },
} as const satisfies Record<string, ProblemKind>;
