/** Finds wording of `wording.ts` in texts and names, and codes in the names of tests. */
import { posix } from 'node:path';

import { lineAt, type SourceFile, type Syntax, walk } from '../source/source-file.ts';
import { type SourceFinder, type TextFile, titledBlocksOf } from './find-untidy.ts';
import { testCodes, type Wording, wordings } from './wording.ts';

export interface WordingHit {
  readonly path: string;
  readonly line: number;
  readonly row: Wording;
  readonly text: string;
}

/** One text or name, with its position in the file. */
interface Piece {
  readonly where: Wording['where'];
  readonly text: string;
  readonly at: number;
}

const prose = /\.(md|html|ya?ml|py|sh)$|(^|\/)Dockerfile$/;
/** The table names what it looks for. */
const isTable = (path: string): boolean => /^test\/tidy[./]/.test(path);

/** All matches: in strings, templates, JSX, comments and documents; in identifiers and paths. */
export function findWording(
  sources: readonly SourceFile[],
  texts: readonly TextFile[],
): WordingHit[] {
  const documents = texts.filter(({ path }) => prose.test(path));
  return [
    ...sources
      .filter(({ path }) => !isTable(path))
      .flatMap((source) => hitsIn(source, [...piecesOf(source), pathOf(source)])),
    ...documents.flatMap((file) =>
      hitsIn(file, [{ where: 'text', text: file.text, at: 0 }, pathOf(file)]),
    ),
  ];
}

function hitsIn(file: TextFile, pieces: readonly Piece[]): WordingHit[] {
  return pieces.flatMap(({ where, text, at }) => {
    const { any, rows } = matchers[where];
    if (!any.test(text)) return [];
    return rows.flatMap(({ row, all }) =>
      [...text.matchAll(all)].map((match) => ({
        path: file.path,
        line: lineAt(file.text, at + (where === 'text' ? match.index : 0)),
        row,
        text: match[0].replaceAll(/\s+(?:\* )?/g, ' '),
      })),
    );
  });
}

const matchers = { text: matchersOf('text'), name: matchersOf('name') } as const;

/** Ignores case; a space also matches a line break and what a comment puts in front of a line. */
function matchersOf(where: Wording['where']) {
  const rows = wordings
    .filter((row) => row.where === where)
    .map((row) => ({
      row,
      all: new RegExp(row.pattern.source.replaceAll(' ', String.raw`(?:\s+(?:\* )?)`), 'gi'),
    }));
  const any = new RegExp(rows.map(({ all }) => `(?:${all.source})`).join('|'), 'i');
  return { any, rows };
}

function piecesOf({ program, comments }: SourceFile): Piece[] {
  const found: Piece[] = comments.map(({ value, start }) => ({
    where: 'text',
    text: value,
    at: start + 2,
  }));
  const names = new Set<string>();
  walk(program, (node, parent) => {
    const text = textOf(node, parent);
    if (text !== undefined) found.push({ where: 'text', text, at: node.start + 1 });
    if (!/^(Identifier|PrivateIdentifier|JSXIdentifier)$/.test(node.type)) return;
    const name = String(node['name']);
    if (names.has(name)) return;
    names.add(name);
    found.push({ where: 'name', text: wordsOf(name), at: node.start });
  });
  return found;
}

/** The text of a literal, a piece of a template or of JSX; the source of an import is none. */
function textOf(node: Syntax, parent: Syntax | undefined): string | undefined {
  if (node.type === 'JSXText') return String(node['value']);
  if (node.type === 'TemplateElement') return (node['value'] as { raw: string }).raw;
  if (node.type !== 'Literal' || typeof node['value'] !== 'string') return undefined;
  return parent !== undefined && parent['source'] === node ? undefined : node['value'];
}

function pathOf({ path }: TextFile): Piece {
  return { where: 'name', text: wordsOf(posix.basename(path).replace(/\..*$/, '')), at: 0 };
}

/** `LayerDesk`, `layer_desk` and `layer-desk` as `layer desk`. */
export function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[^A-Za-z\d]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** Each hit as a line: where, what, and what to write instead. */
export const describeHits = (hits: readonly WordingHit[]): string[] =>
  hits.map(({ path, line, text, row }) => `${path}:${line} "${text}": write ${row.use}`);

/** Names of tests that only a list elsewhere explains. */
export const findTestCodes: SourceFinder = (sources) =>
  sources.flatMap(({ path, text, program }) =>
    /\.(test|suite)\.tsx?$/.test(path)
      ? titledBlocksOf(program)
          .filter(({ title }) => testCodes.some((code) => code.test(title)))
          .map(({ title, at }) => `${path}:${lineAt(text, at)} is named "${title}"`)
      : [],
  );
