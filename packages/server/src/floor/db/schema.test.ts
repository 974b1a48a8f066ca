import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});

afterAll(() => database.drop());

interface Column {
  readonly table: string;
  readonly column: string;
  readonly kind: string;
  readonly nullable: boolean;
  /** Optional in an insert. */
  readonly optional: boolean;
}

const kinds: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  bytea: 'Buffer',
  'double precision': 'number',
  integer: 'number',
  bigint: 'number',
  real: 'number',
  smallint: 'number',
  jsonb: 'json',
  text: 'string',
  'text[]': 'string[]',
  'integer[]': 'number[]',
  'bigint[]': 'number[]',
  'timestamp with time zone': 'Date',
  uuid: 'string',
  xid8: 'string',
};

test('the types of the tables match the migrations', async () => {
  const declared = await readDeclared();
  expect(declared.length).toBeGreaterThan(100);
  expect(declared).toEqual(await readMigrated());
});

async function readMigrated(): Promise<Column[]> {
  const { rows } = await database.handle.pool.query<Column & { readonly type: string }>(
    `select relname as "table", attname as "column", format_type(atttypid, atttypmod) as type,
            not attnotnull as nullable,
            not attnotnull or atthasdef or attidentity <> '' as optional
     from pg_attribute join pg_class on attrelid = pg_class.oid
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and not relispartition and attnum > 0 and not attisdropped
       and relname <> 'schema_migrations'`,
  );
  return sorted(
    rows.map(({ type, ...column }) => ({ ...column, kind: kinds[type] ?? `unknown: ${type}` })),
  );
}

/** Types do not exist at run time, so the file is read as text. */
async function readDeclared(): Promise<Column[]> {
  const parts = [
    ...['gate', 'hooks', 'images', 'notifications', 'policies', 'quarantine', 'registries'],
    'scripts',
  ];
  const files = ['schema.ts', ...parts.map((part) => `schema-${part}.ts`)].map(
    (name) => new URL(name, import.meta.url),
  );
  const text = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
  const bodies = new Map<string, ReadonlyMap<string, string>>();
  for (const [, name = '', body = ''] of text.matchAll(
    /^(?:export )?interface (\w+)\s+(?:extends\s[\w,\s]+)?\{(.*?)^\}/gms,
  )) {
    bodies.set(name, readMembers(body));
  }
  const tables = [
    ...['Database', 'GateTables'],
    ...['HookTables', 'ImageTables', 'NotificationTables', 'PolicyTables', 'QuarantineTables'],
    ...['RegistryTables', 'ScriptTables'],
  ].flatMap((name) => [...(bodies.get(name) ?? [])]);
  return sorted(
    tables.flatMap(([table, type]) =>
      [...(bodies.get(type) ?? [])].map(([column, declared]) => ({
        table,
        column,
        ...readType(declared),
      })),
    ),
  );
}

function readMembers(body: string): Map<string, string> {
  const plain = body.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  const members = plain.split(';').map((each) => each.replaceAll(/\s+/g, ' ').trim());
  return new Map(
    members.filter(Boolean).map((member) => {
      const colon = member.indexOf(':');
      return [member.slice(0, colon), member.slice(colon + 1).trim()];
    }),
  );
}

function readType(declared: string): Pick<Column, 'kind' | 'nullable' | 'optional'> {
  if (declared === 'Timestamp') return { kind: 'Date', nullable: false, optional: true };
  if (declared === 'RequiredTimestamp') return { kind: 'Date', nullable: false, optional: false };
  if (declared === 'NullableTimestamp') return { kind: 'Date', nullable: true, optional: true };
  const [, wrapper = '', inside = declared] = /^(\w+)<(.*)>$/.exec(declared) ?? [];
  // ColumnType has the types for select, insert and update.
  const parts = inside.split(/,(?![^<]*>)/).map((part) => part.trim());
  const read = wrapper === 'ColumnType' ? (parts[0] ?? '') : inside;
  const nullable = read.endsWith(' | null');
  const bare = read.replace(/ \| null$/, '');
  const isJson = wrapper.endsWith('Json') || /^(Record|Partial)<|^[A-Z]\w+(\[\])?$/.test(bare);
  const optional =
    nullable ||
    wrapper === 'Generated' ||
    wrapper === 'DefaultedJson' ||
    (wrapper === 'ColumnType' && / undefined/.test(` ${parts[1] ?? ''}`));
  return { kind: isJson && bare !== 'Buffer' ? 'json' : bare, nullable, optional };
}

function sorted(columns: readonly Column[]): Column[] {
  const key = ({ table, column }: Column): string => `${table}.${column}`;
  return columns.toSorted((a, b) => key(a).localeCompare(key(b)));
}
