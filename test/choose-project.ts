/**
 * Which tests are quick. A test that uses a real database, container engine, browser, terminal or
 * starts programs belongs to the project `system`, and so does one that changes what its process
 * has but once, or that takes many seconds of CPU and says so; all others are `unit`, share a
 * process, and run in `npm run check`. What a test imports, calls and says decides, so that no list
 * has to be maintained.
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

/** Modules that mean a real part. */
const realParts: readonly RegExp[] = [
  /^(node:child_process|playwright-core|@lazaret\/setup)$/,
  /\/testing\/(database|job-fixture|spawn-program|access-server|clamd)\.ts$/,
  /\/(probe-image|docker|docker-client|embedded|system-user|supervise)\.ts$/,
  /\/support\//,
  /\.mjs$/,
];
/** Real parts that come through the index of a `testing` folder. */
const startsPart = /\bstartClamd\(/;
/** A file that takes many seconds of CPU says so in this line, with the reason. */
const slow = /^\/\/ Not in the quick check: \S/m;
/** `inject` hands out the database of the run. */
const injects = /^import \{[^}]*\binject\b[^}]*\} from 'vitest';/m;
/** The environment, globals, modules and the folder of a process, which other files would see. */
const changes = /^(vi\.(stubEnv|stubGlobal|mock|doMock)|process\.(chdir|umask))$/;

export interface Projects {
  readonly unit: string[];
  readonly system: string[];
}

export function chooseProjects(): Projects {
  const tests = listFiles().filter((path) => testName.test(path));
  const isSystem = new Map(tests.map((path) => [path, needsProcess(path, readText(path))]));
  return {
    unit: tests.filter((path) => isSystem.get(path) === false),
    system: tests.filter((path) => isSystem.get(path) === true),
  };
}

export function needsProcess(path: string, text: string): boolean {
  const { imports, program } = parseSource(path, text);
  const specifiers = imports.map(({ specifier }) => specifier);
  return (
    injects.test(text) ||
    startsPart.test(text) ||
    slow.test(text) ||
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
