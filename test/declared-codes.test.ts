/** Every code that the protocol declares is produced by the product. */
import {
  eventKinds,
  inspectionProblemCodes,
  observationCodes,
  outcomeCodes,
  problems,
} from '@lazaret/protocol';
import { expect, test } from 'vitest';

import {
  dottedName,
  isTest,
  parseSource,
  readSources,
  type SourceFile,
  type Syntax,
  walk,
} from './source/source-file.ts';

const product = readSources().filter(
  ({ path }) => /^packages\/[^/]+\/src\//.test(path) && !isTest(path),
);
const server = product.filter(({ path }) => path.startsWith('packages/server/'));

/** Texts that the sources use as values: not those that they only compare or declare. */
function findProduced(sources: readonly SourceFile[]): Set<string> {
  const produced = new Set<string>();
  for (const { path, program } of sources) {
    if (path.startsWith('packages/protocol/')) continue;
    walk(program, (node, parent) => {
      const { value } = node;
      if (node.type !== 'Literal' || typeof value !== 'string' || parent === undefined) return;
      if (!isCompared(node, parent)) produced.add(value);
    });
    for (const text of findInTemplates(program)) produced.add(text);
  }
  return produced;
}

function isCompared(node: Syntax, parent: Syntax): boolean {
  if (parent.type === 'BinaryExpression') return parent['operator'] !== '+';
  if (parent.type === 'SwitchCase') return parent['test'] === node;
  if (parent.type === 'Property') return parent['value'] !== node;
  if (parent.type === 'TSAsExpression') return false;
  if (parent.type !== 'CallExpression') return parent.type.startsWith('TS');
  return dottedName(parent['callee'])?.endsWith('.includes') ?? false;
}

/** `'job.moved'` in the text of a statement, `inspection.` of a template. */
function findInTemplates(program: Syntax): string[] {
  const found: string[] = [];
  walk(program, (node) => {
    if (node.type !== 'TemplateElement') return;
    const { raw } = node['value'] as { raw: string };
    found.push(
      ...[...raw.matchAll(/'([a-z]+\.[a-z]+)'|^([a-z]+\.)$/g)].map((hit) => hit[1] ?? raw),
    );
  });
  return found;
}

/** Codes of problems that are constructed, or listed in a table of codes to construct. */
function findRaised(sources: readonly SourceFile[]): Set<string> {
  const raised = new Set<string>();
  for (const { path, program, text } of sources) {
    if (path.startsWith('packages/protocol/') && !path.endsWith('/core/client.ts')) continue;
    walk(program, (node) => {
      for (const root of codesIn(node, text)) {
        walk(root, (inner, outer) => {
          const { value } = inner;
          if (inner.type !== 'Literal' || typeof value !== 'string') return;
          if (outer === undefined || !isCompared(inner, outer)) raised.add(value);
        });
      }
    });
  }
  return raised;
}

/** The first argument of `new Problem`; the values of `const codes: Record<..., ProblemCode>`. */
function codesIn(node: Syntax, text: string): Syntax[] {
  if (node.type === 'NewExpression' && dottedName(node['callee']) === 'Problem') {
    return (node['arguments'] as Syntax[]).slice(0, 1);
  }
  if (node.type !== 'VariableDeclarator') return [];
  const { typeAnnotation } = node['id'] as { typeAnnotation?: Syntax | null };
  if (typeAnnotation === undefined || typeAnnotation === null) return [];
  const annotation = text.slice(typeAnnotation.start, typeAnnotation.end);
  return /Record<[^>]*ProblemCode>/.test(annotation) ? [node['init'] as Syntax] : [];
}

function missing(declared: Iterable<string>, produced: ReadonlySet<string>): string[] {
  return [...declared].filter((code) => !produced.has(code));
}

test('every problem code is raised', () => {
  expect(missing(Object.keys(problems), findRaised(product))).toEqual([]);
});

test('every outcome, observation and inspection problem is produced', () => {
  const produced = findProduced(server);
  expect(missing(Object.keys(outcomeCodes), produced)).toEqual([]);
  expect(missing(observationCodes, produced)).toEqual([]);
  expect(missing(inspectionProblemCodes, findProduced(product))).toEqual([]);
});

test('every event type is written by the server', () => {
  const produced = findProduced(server);
  const absent = missing(Object.keys(eventKinds), produced).filter((type) => {
    const [kind = '', state = ''] = type.split('.');
    return !produced.has(`${kind}.`) || !produced.has(state);
  });
  expect(absent).toEqual([]);
});

test('planted: a code that is only compared is not produced', () => {
  const text = `
    if (error.code === 'conflict' || ['gone'].includes(code)) throw new Problem('not_found', '');
    switch (code) { case 'lost': break; }
    const labels: Record<'stopped', string> = { cancelled: 'Cancelled' };`;
  const sources = [parseSource('packages/server/src/a.ts', text)];
  expect(missing(['conflict', 'not_found'], findRaised(sources))).toEqual(['conflict']);
  expect(missing(['lost', 'stopped', 'cancelled', 'Cancelled'], findProduced(sources))).toEqual([
    'lost',
    'stopped',
    'cancelled',
  ]);
});
