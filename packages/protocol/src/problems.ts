/** Every problem code, from all capabilities. `docs/errors.md` shows this table. */
import { accessProblems } from './access/problems.ts';
import { artifactProblems } from './artifacts/problems.ts';
import type { ProblemKind } from './core/problem-kind.ts';
import { coreProblems } from './core/problems.ts';
import { engineProblems } from './engines/problems.ts';
import { fileProblems } from './files/problems.ts';
import { hookProblems } from './hooks/problems.ts';
import { inspectionProblems } from './inspections/problems.ts';
import { jobProblems } from './jobs/problems.ts';
import { quarantineProblems } from './quarantine/problems.ts';
import { scriptProblems } from './scripts/problems.ts';
import { systemProblems } from './system/problems.ts';

export const problems = {
  ...coreProblems,
  ...jobProblems,
  ...artifactProblems,
  ...inspectionProblems,
  ...fileProblems,
  ...hookProblems,
  ...scriptProblems,
  ...engineProblems,
  ...accessProblems,
  ...quarantineProblems,
  ...systemProblems,
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problems;
