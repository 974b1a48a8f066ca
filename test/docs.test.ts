/** Links, files and commands in the documents exist. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';

import { engineManifest } from '@lazaret/protocol';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { commandList } from '../packages/cli/src/command/command-list.ts';
import {
  findBrokenLinks,
  findLostFiles,
  findUnknownCommands,
  type Page,
} from './docs/find-broken.ts';
import { documentedCommands, expectationOf } from './docs/documented-commands.ts';
import { shellCommandsOf } from './docs/shell-commands.ts';
import { listFiles, readText, root } from './source/source-file.ts';

const pages: readonly Page[] = listFiles()
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readText(path) }));
const exists = (path: string): boolean => existsSync(join(root, path));
const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
const known = {
  scripts: Object.keys(scripts),
  commands: commandList.flatMap(({ words, shortcuts = [] }) => [words, ...shortcuts]),
};

test('links have an existing target', () => {
  expect(findBrokenLinks(pages, exists)).toEqual([]);
});

test('planted: broken links are found', () => {
  const page = { path: 'docs/a.md', text: '# Here\n[one](b.md) [two](#there) [three](#here)' };
  expect(findBrokenLinks([page], () => false)).toEqual([
    'docs/a.md: b.md does not exist',
    'docs/a.md: #there is not a heading',
  ]);
});

test('commands in the documents exist', () => {
  expect(findUnknownCommands(pages, known)).toEqual([]);
});

test('planted: unknown commands are found', () => {
  const text =
    '```\nnpm run nothing\nlazaret conjure\nlazaret submit strings x\n```\n`lazaret juggle`';
  expect(findUnknownCommands([{ path: 'a.md', text }], known)).toEqual([
    'a.md: npm run nothing',
    'a.md: lazaret conjure',
    'a.md: lazaret juggle',
  ]);
});

test('every noun of the glossary has an existing owner, or is planned', () => {
  const glossary = pages.filter(({ path }) => path === 'GLOSSARY.md');
  expect(findLostFiles(glossary, exists)).toEqual([]);
  const nouns = (glossary[0]?.text ?? '').match(/^\| \*\*/gm) ?? [];
  expect(nouns.length).toBeGreaterThan(25);
});

test('files in the documents exist', () => {
  expect(findLostFiles(pages, exists)).toEqual([]);
});

test('planted: names of missing files are reported', () => {
  const page = { path: 'a.md', text: 'see `packages/protocol/src/nothing.ts` and `later`' };
  expect(findLostFiles([page], exists)).toEqual(['a.md: packages/protocol/src/nothing.ts']);
});

const tried = ['README.md', 'docs/getting-started.md'];

test('every shell command of README and the first steps is run by a test, or listed with a reason', () => {
  const commands = pages.filter(({ path }) => tried.includes(path)).flatMap(shellCommandsOf);
  expect(commands.filter(({ text }) => expectationOf(text) === undefined)).toEqual([]);
  const used = new Set(commands.map(({ text }) => expectationOf(text)));
  expect(documentedCommands.filter((row) => !used.has(row))).toEqual([]);
  expect(commands.length).toBeGreaterThan(20);
});

test('planted: commands are found with their continuation lines and without comments', () => {
  const text = '```sh\n# first\ncurl -T a \\\n  http://b   # sends it\n```\n```yaml\na: b\n```\n';
  expect(shellCommandsOf({ path: 'a.md', text })).toEqual([
    { page: 'a.md', text: 'curl -T a http://b' },
  ]);
  expect(expectationOf('lazaret conjure')).toBeUndefined();
});

test('editor files use the pinned Node and existing scripts', () => {
  const { dependencies } = JSON.parse(readText('package.json')) as {
    dependencies: Record<string, string>;
  };
  expect(readText('.nvmrc').trim()).toBe(dependencies['node']);
  const { tasks } = JSON.parse(readText('.vscode/tasks.json')) as {
    tasks: readonly { readonly script?: string }[];
  };
  const named = tasks.flatMap(({ script }) => (script === undefined ? [] : [script]));
  expect(named.filter((script) => !known.scripts.includes(script))).toEqual([]);
  expect(named.length).toBeGreaterThan(2);
});

test('the manifest in the guide is valid', () => {
  const [, manifest = ''] = /```yaml\n([\s\S]*?)```/.exec(readText('docs/engines.md')) ?? [];
  expect(engineManifest.safeParse(parse(manifest)).error?.issues).toBeUndefined();
  const fields = Object.keys(engineManifest.shape);
  const guide = readText('docs/engines.md');
  expect(fields.filter((field) => !guide.includes(`\`${field}`))).toEqual([]);
});

test('decisions are numbered consecutively', () => {
  const numbers = pages
    .filter(({ path }) => /^decisions\/\d{4}-/.test(path))
    .map(({ path }) => Number(posix.basename(path).slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(10);
});
