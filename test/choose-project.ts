/**
 * Which tests are quick. A test that uses a real database, container engine, browser, terminal or
 * starts programs belongs to the project `system`, and so does one that changes the state of its
 * whole process. All others share a process: those that say that they take seconds are `slow`, the
 * rest are `unit` and run in `npm run check`. Imports, calls and one comment of a test decide, so
 * that no list has to be maintained.
 */
import {
  dottedName,
  listFiles,
  parseSource,
  readText,
  type Syntax,
  walk,
} from './source/source-file.ts';

const testName = /^(packages\/[^/]+\/src|engines|tools|test)\/.*\.test\.tsx?$/;

/** Modules that indicate a real component. */
const realParts: readonly RegExp[] = [
  /^(node:child_process|playwright-core|@lazaret\/setup)$/,
  /\/testing\/(database|job-fixture|spawn-program|access-server|clamd)\.ts$/,
  /\/(probe-image|script-fixture|docker|docker-client|embedded|system-user|supervise)\.ts$/,
  /\/support\//,
  /\.mjs$/,
];
/** Real components that are exported by the index of a `testing` folder. */
const startsPart = /\bstartClamd\(/;
/** A file that takes seconds says so in this line, with the reason. */
const slow = /^\/\/ Not in the quick check: \S/m;
/** `inject` provides the database of the run. */
const injects = /^import \{[^}]*\binject\b[^}]*\} from 'vitest';/m;
/** The environment, globals, modules and the folder of a process, which affect other files. */
const changes = /^(vi\.(stubEnv|stubGlobal|mock|doMock)|process\.(chdir|umask))$/;

export interface Projects {
  readonly unit: string[];
  readonly slow: string[];
  readonly system: string[];
}

export function chooseProjects(): Projects {
  const projects: Projects = { unit: [], slow: [], system: [] };
  const tests = listFiles().filter((path) => testName.test(path));
  for (const path of tests) projects[chooseProject(path, readText(path))].push(path);
  return projects;
}

export function chooseProject(path: string, text: string): keyof Projects {
  if (needsProcess(path, text)) return 'system';
  return slow.test(text) ? 'slow' : 'unit';
}

function needsProcess(path: string, text: string): boolean {
  const { imports, program } = parseSource(path, text);
  const specifiers = imports.map(({ specifier }) => specifier);
  return (
    injects.test(text) ||
    startsPart.test(text) ||
    specifiers.some((one) => realParts.some((part) => part.test(one))) ||
    namesIn(program).some((name) => changes.test(name))
  );
}

function namesIn(program: Syntax): string[] {
  const names: string[] = [];
  walk(program, (node) => {
    if (node.type === 'MemberExpression') names.push(dottedName(node) ?? '');
  });
  return names;
}
