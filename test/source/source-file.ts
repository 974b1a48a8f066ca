/** A source file for the checks of this folder: its text, its imports, its syntax tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseSync } from 'oxc-parser';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  readonly specifier: string;
  /** The file of this repository for a relative import. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  /** `await import(...)`. */
  readonly lazy: boolean;
  readonly line: number;
}

export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly program: Syntax;
  readonly comments: readonly Comment[];
}

export interface Comment {
  readonly value: string;
  readonly start: number;
}

/** Folders without source files. */
const unread = new Set(['node_modules', 'dist', 'data', '.git', '.cache', 'test-results']);
const sourceName = /\.(ts|tsx|mjs|js)$/;

/** All source and text files below the root, sorted, as paths from the root. */
export function listFiles(folder = '.'): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return unread.has(entry.name) ? [] : listFiles(path);
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function readSources(): SourceFile[] {
  return listFiles()
    .filter((path) => sourceName.test(path))
    .map((path) => parseSource(path, readText(path)));
}

/** Throws when the text is not valid TypeScript: an unreadable file must not count as clean. */
export function parseSource(path: string, text: string): SourceFile {
  const { module, program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const found = (specifier: string, start: number, kind: Partial<Import>): Import => ({
    specifier,
    target: resolveImport(path, specifier),
    typeOnly: false,
    lazy: false,
    line: lineAt(text, start),
    ...kind,
  });
  const imports = [
    ...module.staticImports.map(({ moduleRequest, entries, start }) => {
      const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
      return found(moduleRequest.value, start, { typeOnly });
    }),
    ...module.staticExports.flatMap(({ entries, start }) => {
      const from = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest?.value;
      const typeOnly = entries.every((entry) => entry.isType);
      return from === undefined ? [] : [found(from, start, { typeOnly })];
    }),
    ...module.dynamicImports.flatMap(({ moduleRequest, start }) => {
      const literal = /^(['"])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
      return literal?.[2] === undefined ? [] : [found(literal[2], start, { lazy: true })];
    }),
  ];
  return { path, text, imports, program: program as unknown as Syntax, comments };
}

function resolveImport(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Visits every node with the node around it, parents first. */
export function walk(
  node: Syntax,
  visit: (node: Syntax, parent: Syntax | undefined) => void,
): void {
  const stack: [Syntax, Syntax | undefined][] = [[node, undefined]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [one] = next;
    visit(...next);
    for (const value of Object.values(one)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isSyntax(child)) stack.push([child, one]);
      }
    }
  }
}

export function isSyntax(value: unknown): value is Syntax {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The name of an identifier, `a.b` of a plain member expression; undefined for anything else. */
export function dottedName(node: unknown): string | undefined {
  if (!isSyntax(node)) return undefined;
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined;
  const object = dottedName(node['object']);
  const property = dottedName(node['property']);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

export function isTest(path: string): boolean {
  return /\.(test|suite)\.tsx?$/.test(path) || /(^|\/)(testing|test|fixtures)\//.test(path);
}
