/** Holds files to the rules of this folder; each finder answers one line per violation. */
import { posix } from 'node:path';

import {
  dottedName,
  isSyntax,
  lineAt,
  type SourceFile,
  type Syntax,
  walk,
} from '../source/source-file.ts';
import {
  bannedNames,
  defaultExports,
  entries,
  type Exception,
  exceptions,
  machineTraces,
  sizes,
  workMarks,
} from './rules.ts';

/** Any file of text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export type TextFinder = (files: readonly TextFile[]) => string[];
export type SourceFinder = (sources: readonly SourceFile[]) => string[];

export const findLongFiles: SourceFinder = (sources) =>
  each(sources, 'file-lines', ({ text }) => {
    const lines = text.split('\n').length - 1;
    return lines > sizes.fileLines ? [`has ${lines} lines, at most ${sizes.fileLines}`] : [];
  });

/** The formatter breaks all but remarks and texts in quotes; long texts may stay whole. */
export const findLongLines: SourceFinder = (sources) =>
  each(sources, 'line-chars', ({ text, program }) => {
    const long = text
      .split('\n')
      .flatMap((line, index) => (line.length > sizes.lineChars ? [{ line, at: index + 1 }] : []));
    if (long.length === 0) return [];
    const whole = linesOfTexts(text, program);
    return long
      .filter(({ line, at }) => !whole.has(at) && !/https?:\/\/\S{40}/.test(line))
      .map(({ line, at }) => `:${at} has ${line.length} characters`);
  });

const longTextChars = 40;
const textTypes = ['Literal', 'TemplateLiteral', 'JSXText'];

function linesOfTexts(text: string, program: Syntax): Set<number> {
  const found = new Set<number>();
  walk(program, ({ type, start, end }) => {
    if (!textTypes.includes(type) || end - start < longTextChars) return;
    const last = lineAt(text, end);
    for (let line = lineAt(text, start); line <= last; line += 1) found.add(line);
  });
  return found;
}

export const findLongFunctions: SourceFinder = (sources) =>
  each(sources, 'function-lines', ({ path, text, program }) =>
    functionsOf(program).flatMap(({ node, name, parent }) => {
      if (holdsTests(path, parent)) return [];
      const lines = lineAt(text, node.end) - lineAt(text, node.start) + 1;
      // Half of a component is markup, one element to a line; a hook is the other half of one.
      const isComponent = path.startsWith('packages/console/') && /^([A-Z]|use[A-Z])/.test(name);
      if (lines <= (isComponent ? sizes.componentLines : sizes.functionLines)) return [];
      return [`:${lineAt(text, node.start)} ${name} has ${lines} lines`];
    }),
  );

/** What `describe` is given, and a behaviour suite, holds tests and is not read at once. */
function holdsTests(path: string, parent: Syntax | undefined): boolean {
  if (path.endsWith('.suite.ts')) return true;
  return /\.test\.tsx?$/.test(path) && parent?.type === 'CallExpression';
}

export const findManyParameters: SourceFinder = (sources) =>
  each(sources, 'parameters', ({ path, text, program }) =>
    functionsOf(program).flatMap(({ node, name, parent }) => {
      // A row of `test.each` comes as parameters.
      if (holdsTests(path, parent)) return [];
      const count = (node['params'] as unknown[]).length;
      if (count <= sizes.parameters) return [];
      return [`:${lineAt(text, node.start)} ${name} takes ${count} parameters`];
    }),
  );

/** No `any`, no enums, no namespaces, no default exports. */
export const findBannedSyntax: SourceFinder = (sources) =>
  each(sources, 'syntax', ({ path, text, program }) => {
    const found: string[] = [];
    walk(program, (node) => {
      const what = bannedSyntax[node.type];
      if (what === undefined || isModuleDeclaration(node)) return;
      if (what === 'default export' && defaultExports.some((one) => one.test(path))) return;
      found.push(`:${lineAt(text, node.start)} has a ${what}`);
    });
    return found;
  });

const bannedSyntax: Readonly<Record<string, string>> = {
  TSAnyKeyword: 'type any',
  TSEnumDeclaration: 'enum',
  TSModuleDeclaration: 'namespace',
  TSParameterProperty: 'parameter property',
  ExportDefaultDeclaration: 'default export',
};

/** `declare module 'x'` adds to somebody else's types and is no namespace of ours. */
function isModuleDeclaration(node: Syntax): boolean {
  return (
    node.type === 'TSModuleDeclaration' && isSyntax(node['id']) && node['id'].type === 'Literal'
  );
}

export const findBannedNames: TextFinder = (files) =>
  each(files, 'name', ({ path }) => {
    const segments = path.split('/');
    const words = segments.flatMap((segment) => segment.split(/[.-]/));
    const banned = words.filter((word) => bannedNames.includes(word.toLowerCase()));
    const [file = ''] = segments.slice(-1);
    const isSource = /\.(ts|tsx|mjs|sql|css)$/.test(file);
    const shape = !isSource || /^[a-z0-9_]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(file);
    return [
      ...banned.map((word) => `is named ${word}, which says nothing`),
      ...(shape ? [] : ['is not named in kebab-case']),
    ];
  });

export const findWorkMarks: TextFinder = (files) =>
  each(files, 'work-mark', ({ text }) =>
    text.split('\n').flatMap((line, index) => {
      const mark = workMarks.find((one) => new RegExp(`\\b${one}\\b`).test(line));
      return mark === undefined ? [] : [`:${index + 1} has a ${mark}`];
    }),
  );

export const findMachineTraces: TextFinder = (files) =>
  each(files, 'machine', ({ text }) =>
    text.split('\n').flatMap((line, index) => {
      const trace = machineTraces.map((one) => one.exec(line)?.[0]).find(Boolean);
      return trace === undefined ? [] : [`:${index + 1} names ${trace.trim()}`];
    }),
  );

const testWords = ['test', 'it', 'describe', 'suite'];

export const findSkippedTests: SourceFinder = (sources) =>
  each(sources, 'skipped', ({ text, program }) => {
    const found: string[] = [];
    walk(program, (node) => {
      const name = dottedName(node) ?? '';
      const [word = '', ...rest] = name.split('.');
      const how = rest.find((one) => /^(only|skip|todo|fails|skipIf|runIf)$/.test(one));
      if (testWords.includes(word) && how !== undefined) {
        found.push(`:${lineAt(text, node.start)} has ${name}`);
      }
    });
    return found;
  });

/** Two tests of one name under one heading cannot be told apart when one of them fails. */
export const findDoubleTitles: SourceFinder = (sources) =>
  each(sources, 'title', ({ path, text, program }) => {
    if (!/\.(test|suite)\.tsx?$/.test(path)) return [];
    const seen = new Set<string>();
    return titlesOf(program).flatMap(({ title, at }) => {
      const before = seen.has(title);
      seen.add(title);
      return before ? [`:${lineAt(text, at)} has a second test "${title}"`] : [];
    });
  });

const hooks = ['beforeAll', 'beforeEach', 'afterAll', 'afterEach'];

/** Quick tests share modules: what one registers while it loads, only the first file would get. */
export const findLostHooks: SourceFinder = (sources) =>
  each(sources, 'hook', ({ path, text, program }) => {
    if (/\.test\.tsx?$/.test(path)) return [];
    return (program['body'] as Syntax[]).flatMap(({ start, expression }) => {
      const callee = isSyntax(expression) ? expression['callee'] : undefined;
      const name = isSyntax(callee) ? dottedName(callee) : undefined;
      if (name === undefined || !hooks.includes(name)) return [];
      return [`:${lineAt(text, start)} calls ${name} while it loads`];
    });
  });

/** Files that no entry reaches over imports. */
export const findDeadFiles: SourceFinder = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const todo = [...byPath.keys()].filter((path) => entries.some((one) => one.test(path)));
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const one of byPath.get(path)?.imports ?? []) {
      if (one.target !== undefined) todo.push(one.target);
    }
  }
  const dead = sources.filter(({ path }) => !reached.has(path) && !path.endsWith('.d.ts'));
  return each(dead, 'dead', () => ['is reached from no entry']);
};

/** Exceptions that nothing needs any more. */
export function findIdleExceptions(paths: ReadonlySet<string>): string[] {
  return exceptions.flatMap(({ file }) =>
    paths.has(file) ? [] : [`${file} is excepted in rules.ts and does not exist`],
  );
}

function each<T extends TextFile>(
  files: readonly T[],
  rule: string,
  check: (file: T) => string[],
): string[] {
  const excepted = (path: string): boolean =>
    exceptions.some((one: Exception) => one.file === path && one.rule === rule);
  return files
    .filter(({ path }) => !excepted(path))
    .flatMap((file) =>
      check(file).map((text) => `${file.path}${text.startsWith(':') ? '' : ' '}${text}`),
    );
}

interface FunctionNode {
  readonly node: Syntax;
  readonly name: string;
  readonly parent: Syntax | undefined;
}

const functionTypes = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

function functionsOf(program: Syntax): FunctionNode[] {
  const found: FunctionNode[] = [];
  walk(program, (node, parent) => {
    if (!functionTypes.includes(node.type)) return;
    const name = [node['id'], parent?.['key'], parent?.['id']].map(dottedName).find(Boolean);
    found.push({ node, name: name ?? 'a function', parent });
  });
  return found;
}

interface TitledBlock {
  readonly title: string;
  readonly at: number;
  readonly end: number;
  readonly isBlock: boolean;
}

/** Tests and the blocks around them, with the title that each is given. */
export function titledBlocksOf(program: Syntax): TitledBlock[] {
  const found: TitledBlock[] = [];
  walk(program, (node) => {
    if (node.type !== 'CallExpression') return;
    const word = calledWord(node['callee']);
    const [first] = node['arguments'] as unknown[];
    if (!testWords.includes(word) || !isSyntax(first) || first.type !== 'Literal') return;
    const isBlock = word === 'describe' || word === 'suite';
    found.push({ title: String(first['value']), at: node.start, end: node.end, isBlock });
  });
  return found;
}

/** Titles with the titles of the blocks around them. */
function titlesOf(program: Syntax): { readonly title: string; readonly at: number }[] {
  const found = titledBlocksOf(program);
  const tests = found.filter(({ isBlock }) => !isBlock).toSorted((a, b) => a.at - b.at);
  return tests.map((one) => {
    const around = found.filter(({ isBlock, at, end }) => isBlock && at < one.at && one.end <= end);
    const headings = around
      .toSorted((a, b) => a.at - b.at)
      .map(({ title, at }) => `${title}@${at}`);
    return { title: [...headings, one.title].join(' > '), at: one.at };
  });
}

/** `test` of `test(...)`, of `test.each(...)(...)` and of `test.each`...`(...)`. */
function calledWord(callee: unknown): string {
  if (!isSyntax(callee)) return '';
  const inner = callee.type === 'CallExpression' ? callee['callee'] : callee;
  const tagged = callee.type === 'TaggedTemplateExpression' ? callee['tag'] : inner;
  return posix.basename(dottedName(tagged)?.split('.')[0] ?? '');
}
