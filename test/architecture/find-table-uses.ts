/**
 * Finds SQL that names a table: calls of Kysely's builder, `sql` templates, and texts of queries.
 * Only known tables count, so aliases and common table expressions do not.
 */
import {
  dottedName,
  isTest,
  lineAt,
  walk,
  type SourceFile,
  type Syntax,
} from '../source/source-file.ts';
import { type Finder, serverUnit } from './find-violations.ts';
import { tableOwners, tableReaders } from './rules.ts';

const owners = new Map(
  Object.entries(tableOwners).flatMap(([owner, tables]) => tables.map((table) => [table, owner])),
);

/** Each table is named in SQL of its owner only; some others may read it. */
export const findTableViolations: Finder = (sources) =>
  tableUses(sources).flatMap(({ unit, table, writes, path, line }) => {
    const owner = owners.get(table);
    if (unit === owner || (!writes && isReader(unit, table))) return [];
    return [`${path}:${line}: ${unit} ${writes ? 'writes' : 'reads'} ${table}, owned by ${owner}`];
  });

/** Unused exceptions, and unused tables. */
export const findIdleTableRules: Finder = (sources) => {
  const uses = tableUses(sources);
  const idleReaders = tableReaders.flatMap(({ reader, tables }) =>
    tables
      .filter((table) => !uses.some((one) => one.unit === reader && one.table === table))
      .map((table) => `${reader} is listed as a reader of ${table}, and does not read it`),
  );
  const idleTables = [...owners.keys()]
    .filter((table) => !uses.some((one) => one.table === table))
    .map((table) => `the table ${table} is listed, and no SQL names it`);
  return [...idleReaders, ...idleTables];
};

function isReader(unit: string, table: string): boolean {
  return tableReaders.some(({ reader, tables }) => reader === unit && tables.includes(table));
}

interface TableUse {
  readonly unit: string;
  readonly table: string;
  readonly writes: boolean;
  readonly path: string;
  readonly line: number;
}

/** How each method of Kysely's builder uses its table. */
const builderMethods: Readonly<Record<string, 'read' | 'write'>> = {
  selectFrom: 'read',
  from: 'read',
  using: 'read',
  innerJoin: 'read',
  leftJoin: 'read',
  rightJoin: 'read',
  fullJoin: 'read',
  crossJoin: 'read',
  innerJoinLateral: 'read',
  leftJoinLateral: 'read',
  insertInto: 'write',
  replaceInto: 'write',
  mergeInto: 'write',
  updateTable: 'write',
  deleteFrom: 'write',
};

function tableUses(sources: readonly SourceFile[]): TableUse[] {
  return sources.flatMap((source) => {
    const unit = serverUnit(source.path);
    if (unit === undefined || unit === 'testing' || isTest(source.path)) return [];
    const uses: TableUse[] = [];
    walk(source.program, (node) => {
      for (const { table, writes } of namedBy(node)) {
        const line = lineAt(source.text, node.start);
        if (owners.has(table)) uses.push({ unit, table, writes, path: source.path, line });
      }
    });
    return uses;
  });
}

interface Named {
  readonly table: string;
  readonly writes: boolean;
}

function namedBy(node: Syntax): Named[] {
  // A name that is passed as an argument, as in `sql.table(name)`: only tables have underscores
  // here.
  if (node.type === 'Literal' && typeof node['value'] === 'string') {
    return node['value'].includes('_') ? [{ table: node['value'], writes: false }] : [];
  }
  if (node.type === 'TaggedTemplateExpression' && isSqlTag(node['tag'])) {
    return namedInText(templateText(node['quasi'] as Syntax));
  }
  if (node.type !== 'CallExpression') return [];
  const callee = node['callee'] as Syntax;
  const method = callee.type === 'MemberExpression' ? dottedName(callee['property']) : undefined;
  const [first] = node['arguments'] as Syntax[];
  if (method === undefined || first === undefined) return [];
  if (method === 'query' || method === 'raw') return namedInText(textOf(first) ?? '');
  // `Array.from`, `Readable.from`: a class, not a query.
  if (/^[A-Z]/.test(dottedName(callee['object']) ?? '')) return [];
  const effect = Object.hasOwn(builderMethods, method) ? builderMethods[method] : undefined;
  if (effect === undefined) return [];
  const named = first.type === 'ArrayExpression' ? (first['elements'] as Syntax[]) : [first];
  return named.flatMap((one) => {
    const table = textOf(one)?.trim().split(/\s/)[0];
    return table === undefined ? [] : [{ table, writes: effect === 'write' }];
  });
}

/** `sql`, with or without type arguments. */
function isSqlTag(tag: unknown): boolean {
  return dottedName(tag) === 'sql';
}

function textOf(node: Syntax): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  return node.type === 'TemplateLiteral' ? templateText(node) : undefined;
}

function templateText(node: Syntax): string {
  const quasis = node['quasis'] as { readonly value: { readonly cooked: string | null } }[];
  return quasis.map(({ value }) => value.cooked ?? '').join(' ? ');
}

/** Words that may follow a table and are not its alias. */
const noAlias =
  'using|join|where|set|on|order|group|left|right|full|inner|cross|natural|limit|for|in|values|' +
  'returning|union|select|from|default|skip';
const named = `[a-z_]+(?:\\s+(?:as\\s+)?(?!(?:${noAlias})\\b)[a-z_]+)?`;
const verbs =
  'insert\\s+into|merge\\s+into|delete\\s+from|truncate(?:\\s+table)?|lock\\s+table|update|' +
  'from|join|using|table(?:\\s+if\\s+not\\s+exists)?';
const clause = new RegExp(`\\b(${verbs})\\s+(?:only\\s+)?(${named}(?:\\s*,\\s*${named})*)`, 'gi');
const writing = /^(insert|merge|delete|truncate|lock|update|table)/i;

/** `update jobs set`, `from jobs, nodes as n`, `join blobs on`. */
function namedInText(text: string): Named[] {
  return [...text.matchAll(clause)].flatMap(([, verb = '', names = '']) =>
    names.split(',').map((name) => ({
      table: name.trim().split(/\s/)[0]?.toLowerCase() ?? '',
      writes: writing.test(verb),
    })),
  );
}
