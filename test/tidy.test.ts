/** Files are of readable size, named for what they hold, reached, and finished. */
import { expect, test } from 'vitest';

import { listFiles, parseSource, readSources, readText } from './source/source-file.ts';
import {
  findBannedNames,
  findBannedSyntax,
  findDeadFiles,
  findDoubleTitles,
  findIdleExceptions,
  findLongFiles,
  findLongFunctions,
  findLongLines,
  findLostHooks,
  findMachineTraces,
  findManyParameters,
  findSkippedTests,
  findWorkMarks,
  type SourceFinder,
  type TextFinder,
} from './tidy/find-untidy.ts';
import { describeHits, findTestCodes, findWording } from './tidy/find-wording.ts';
import { sizes, workMarks } from './tidy/rules.ts';
import { wordings } from './tidy/wording.ts';

const paths = listFiles();
const sources = readSources();
const isText = /\.(ts|tsx|mjs|js|json|md|sql|css|html|svg|ya?ml|txt|py|sh)$|\/[^.]+$/;
const texts = paths
  .filter((path) => isText.test(path) || path === '.npmrc')
  .map((path) => ({ path, text: readText(path) }));

const lines = (count: number): string => Array.from({ length: count }, () => 'f();').join('\n');

interface Planted<F> {
  readonly rule: string;
  readonly find: F;
  readonly bad: readonly (readonly [path: string, text: string])[];
  readonly good: readonly (readonly [path: string, text: string])[];
}

const sourceCases: readonly Planted<SourceFinder>[] = [
  {
    rule: 'files are short',
    find: findLongFiles,
    bad: [['packages/cli/src/a.ts', `${lines(sizes.fileLines + 1)}\n`]],
    good: [['packages/cli/src/a.ts', `${lines(sizes.fileLines)}\n`]],
  },
  {
    rule: 'lines are short',
    find: findLongLines,
    bad: [
      ['packages/cli/src/a.ts', `const a = [${'1, '.repeat(40)}];`],
      ['packages/cli/src/a.ts', `// a remark ${'that goes on '.repeat(10)}`],
    ],
    good: [
      ['packages/cli/src/a.ts', `f('${'x'.repeat(120)}');`],
      ['packages/cli/src/a.ts', `// https://example.org/${'x'.repeat(120)}`],
    ],
  },
  {
    rule: 'functions are short',
    find: findLongFunctions,
    bad: [
      ['packages/cli/src/a.ts', `function a() {\n${lines(sizes.functionLines)}\n}`],
      ['packages/cli/src/a.ts', `const a = () => {\n${lines(sizes.functionLines)}\n};`],
      ['packages/cli/src/a.ts', `class A { b() {\n${lines(sizes.functionLines)}\n} }`],
      ['packages/cli/src/a.test.ts', `function a() {\n${lines(sizes.functionLines)}\n}`],
    ],
    good: [
      ['packages/cli/src/a.ts', `function a() {\n${lines(sizes.functionLines - 2)}\n}`],
      ['packages/cli/src/a.test.ts', `describe('a', () => {\n${lines(100)}\n});`],
    ],
  },
  {
    rule: 'functions take few parameters',
    find: findManyParameters,
    bad: [
      ['packages/cli/src/a.ts', 'function a(b, c, d, e) {}'],
      ['packages/cli/src/a.ts', 'const a = (b, c, d, e) => b;'],
    ],
    good: [['packages/cli/src/a.ts', 'function a(b, c, d) {}']],
  },
  {
    rule: 'no any, enum, namespace, parameter property or default export',
    find: findBannedSyntax,
    bad: [
      ['packages/cli/src/a.ts', 'let a: any;'],
      ['packages/cli/src/a.ts', 'const a = b as any[];'],
      ['packages/cli/src/a.ts', 'enum A { b }'],
      ['packages/cli/src/a.ts', 'namespace A { export const b = 1; }'],
      ['packages/cli/src/a.ts', 'class A { constructor(private b: string) {} }'],
      ['packages/cli/src/a.ts', 'export default 1;'],
    ],
    good: [
      ['vitest.config.ts', 'export default 1;'],
      ['packages/cli/src/a.ts', "let any: unknown = 'any';"],
    ],
  },
  {
    rule: 'tests run, all of them',
    find: findSkippedTests,
    bad: [
      ['packages/cli/src/a.test.ts', `test.only('a', () => {});`],
      ['packages/cli/src/a.test.ts', `describe.skip('a', () => {});`],
      ['packages/cli/src/a.test.ts', `test.skipIf(root)('a', () => {});`],
      ['packages/cli/src/a.test.ts', `test.todo('a');`],
    ],
    good: [['packages/cli/src/a.test.ts', `test.each([1])('a', () => list.skip(1));`]],
  },
  {
    rule: 'tests in one block have different names',
    find: findDoubleTitles,
    bad: [
      ['packages/cli/src/a.test.ts', `test('a', b); test('a', c);`],
      ['packages/cli/src/a.test.ts', `test('a', b); test.each([1])('a', c);`],
      ['packages/cli/src/a.test.ts', `describe('x', () => { test('a', b); it('a', c); });`],
    ],
    good: [
      [
        'packages/cli/src/a.test.ts',
        `describe('x', () => { test('a', b); }); describe('y', () => { test('a', c); });`,
      ],
    ],
  },
  {
    rule: 'what tests share registers no hooks while it loads',
    find: findLostHooks,
    bad: [['packages/cli/src/testing/lab.ts', `afterAll(() => rm(place));`]],
    good: [
      ['packages/cli/src/testing/lab.ts', `export function useLab() { afterAll(clear); }`],
      ['packages/cli/src/a.test.ts', `afterAll(() => rm(place));`],
    ],
  },
  {
    rule: 'test names say the failure in words, without codes of a list elsewhere',
    find: findTestCodes,
    bad: [
      ['packages/cli/src/a.test.ts', `test('2k.12 retries at once', b);`],
      ['packages/cli/src/a.test.ts', `test('2.5.9 a slow registry holds no request', b);`],
      ['packages/cli/src/a.test.ts', `describe('row 17 of the table', b);`],
      ['packages/cli/src/a.test.ts', `test('J1: a file is submitted', b);`],
      ['packages/cli/src/a.test.ts', `test('limits are not clean (limits as clean, 2.6)', b);`],
    ],
    good: [
      ['packages/cli/src/a.test.ts', `test('an archive of Docker before 1.10 (2016) is read', b);`],
      ['packages/cli/src/a.test.ts', `test('refuses xz with a dictionary of 1.5 GiB', b);`],
    ],
  },
  {
    rule: 'every file is reached',
    find: findDeadFiles,
    bad: [['packages/cli/src/a.ts', 'export const a = 1;']],
    good: [
      ['packages/cli/src/main.ts', ''],
      ['packages/cli/src/a.test.ts', ''],
    ],
  },
];

const textCases: readonly Planted<TextFinder>[] = [
  {
    rule: 'names say what is inside',
    find: findBannedNames,
    bad: [
      ['packages/cli/src/utils.ts', ''],
      ['packages/cli/src/helpers/a.ts', ''],
      ['packages/cli/src/job-manager.ts', ''],
      ['packages/cli/src/jobList.ts', ''],
    ],
    good: [
      ['packages/server/src/floor/db/migrations/0001_foundation.sql', ''],
      ['README.md', ''],
    ],
  },
  {
    rule: 'no marks of unfinished work',
    find: findWorkMarks,
    bad: workMarks.map((mark) => ['packages/cli/src/a.ts', `// ${mark}: later`] as const),
    good: [['docs/a.md', 'what is left to do is listed in SCOPE.md']],
  },
  {
    rule: 'no traces of one machine',
    find: findMachineTraces,
    bad: [
      ['docs/a.md', `run it in ${'/wor'}${'k/main'}`],
      ['tools/a.mjs', `const place = '${'/roo'}${'t/.cache'}x';`],
      ['package-lock.json', `"resolved": "https://${'npm.registr'}${'y.example'}/a.tgz"`],
    ],
    good: [
      ['docs/a.md', 'everything is kept in /var/lib/lazaret'],
      ['docs/a.md', 'the path /api/v1/work/main'],
    ],
  },
];

test.each(sourceCases)('sources: $rule', ({ find }) => {
  expect(find(sources)).toEqual([]);
});

test.each(textCases)('files: $rule', ({ find }) => {
  expect(find(texts)).toEqual([]);
});

test.each(sourceCases)('planted in sources: $rule', ({ find, bad, good }) => {
  for (const [path, text] of bad) {
    expect(find([parseSource(path, text)]), `${path}: ${text}`).not.toEqual([]);
  }
  for (const [path, text] of good) {
    expect(find([parseSource(path, text)]), `${path}: ${text}`).toEqual([]);
  }
});

test.each(textCases)('planted in files: $rule', ({ find, bad, good }) => {
  for (const [path, text] of bad) expect(find([{ path, text }]), text).not.toEqual([]);
  for (const [path, text] of good) expect(find([{ path, text }]), text).toEqual([]);
});

test('wording: texts and names use the standard terms of the field', () => {
  expect(describeHits(findWording(sources, texts))).toEqual([]);
});

test.each(wordings)('planted wording: "$bad" is reported, "$good" is not', (row) => {
  const planted = (wording: string): string =>
    row.where === 'text' ? `f(${JSON.stringify(wording)});` : 'f();';
  const path = (wording: string): string =>
    row.where === 'name' ? `packages/cli/src/${wording}.ts` : 'packages/cli/src/a.ts';
  const rowsFor = (wording: string): unknown[] => [
    ...findWording([parseSource(path(wording), planted(wording))], []).map((hit) => hit.row),
    ...(row.where === 'text'
      ? findWording([], [{ path: 'a.md', text: `# A\n\n${wording}\n` }]).map((hit) => hit.row)
      : []),
  ];
  expect(rowsFor(row.bad)).toContain(row);
  expect(rowsFor(row.good)).not.toContain(row);
});

test('planted wording: every kind of text and name is read', () => {
  const places: readonly (readonly [path: string, text: string])[] = [
    ['a.ts', 'const layerDesk = 1;'],
    ['a.ts', 'class A { #layerDesk() {} }'],
    ['layer-desk.ts', ''],
    ['a.tsx', 'const a = <p>look at it anew</p>;'],
    ['a.tsx', 'const a = <p title="inspect it anew" />;'],
    ['a.ts', 'const a = `read ${b} anew`;'],
    ['a.ts', '// reads the layer anew'],
    ['a.ts', '/**\n * A layer that could not\n * be had.\n */'],
    ['a.test.ts', `test('a known image is inspected anew', b);`],
  ];
  for (const [path, text] of places) {
    expect(findWording([parseSource(path, text)], []), `${path}: ${text}`).toHaveLength(1);
  }
  const wrapped = { path: 'docs/a.md', text: 'a layer that could not\nbe had' };
  expect(findWording([], [wrapped])).toMatchObject([{ line: 1, text: 'not be had' }]);
  expect(findWording([parseSource('a.ts', `import { a } from './layer-desk.ts';`)], [])).toEqual(
    [],
  );
});

test('planted wording: a hit is reported with its position and what to write', () => {
  const hits = findWording([parseSource('a.ts', `f();\nf('read anew');`)], []);
  expect(describeHits(hits)).toEqual(['a.ts:2 "anew": write "again", "fresh" or "new"']);
});

test('exceptions name existing files', () => {
  expect(findIdleExceptions(new Set(paths))).toEqual([]);
  expect(texts.length).toBeGreaterThan(300);
});
