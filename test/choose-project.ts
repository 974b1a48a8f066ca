/**
 * Which tests are quick. A test that uses a real database, container engine, browser, terminal or
 * starts programs belongs to the project `system`; all others are `unit` and run in
 * `npm run check`. What a test imports decides, so that nobody keeps a list.
 */
import { listFiles, parseSource, readText } from './source/source-file.ts';

const testName = /^(packages\/[^/]+\/src|engines|tools|test)\/.*\.test\.tsx?$/;

/** Modules that mean a real part. */
const realParts: readonly RegExp[] = [
  /^(node:child_process|playwright-core)$/,
  /\/testing\/(database|job-lab|spawn-program|access-server|clamd)\.ts$/,
  /\/(probe-image|docker|docker-api|embedded|system-user|supervise)\.ts$/,
  /\/support\//,
  /\.mjs$/,
];
/** `inject` hands out the database of the run. */
const injects = /^import \{[^}]*\binject\b[^}]*\} from 'vitest';/m;

export interface Projects {
  readonly unit: string[];
  readonly system: string[];
}

export function chooseProjects(): Projects {
  const tests = listFiles().filter((path) => testName.test(path));
  const isSystem = new Map(tests.map((path) => [path, usesRealParts(path, readText(path))]));
  return {
    unit: tests.filter((path) => isSystem.get(path) === false),
    system: tests.filter((path) => isSystem.get(path) === true),
  };
}

export function usesRealParts(path: string, text: string): boolean {
  const { imports } = parseSource(path, text);
  const specifiers = imports.map(({ specifier }) => specifier);
  return injects.test(text) || specifiers.some((one) => realParts.some((part) => part.test(one)));
}
