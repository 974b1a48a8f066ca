/** The rules of test/architecture/rules.ts hold, and each of them can fail. */
import { expect, test } from 'vitest';

import {
  findAnalysisViolations,
  findClockReads,
  findCycles,
  findDoubleNames,
  findEnvironmentReads,
  type Finder,
  findIdleParts,
  findIdlePermits,
  findLibraryViolations,
  findNetworkUses,
  findPackageViolations,
  findSliceViolations,
} from './architecture/find-violations.ts';
import { findIdleTableRules, findTableViolations } from './architecture/find-table-uses.ts';
import { tableOwners } from './architecture/rules.ts';
import { listFiles, parseSource, readSources, readText } from './source/source-file.ts';

const sources = readSources();

interface Planted {
  readonly rule: string;
  readonly find: Finder;
  /** Each of these must be reported. */
  readonly bad: readonly (readonly [path: string, text: string])[];
  /** None of these may be reported. */
  readonly good: readonly (readonly [path: string, text: string])[];
}

const cases: readonly Planted[] = [
  {
    rule: 'packages import in the allowed direction, through their entry points',
    find: findPackageViolations,
    bad: [
      ['packages/protocol/src/a.ts', `import { b } from '@lazaret/analysis';`],
      ['packages/console/src/a.tsx', `import { b } from '@lazaret/server';`],
      ['packages/agent/src/a.ts', `import type { B } from '@lazaret/server';`],
      ['packages/cli/src/a.ts', `const b = await import('@lazaret/server');`],
      ['packages/cli/src/commands/server/run-server.ts', `import { b } from '@lazaret/server';`],
      ['packages/server/src/a.ts', `export * from '../../protocol/src/job.ts';`],
      ['packages/server/src/a.ts', `import { b } from '@lazaret/protocol/src/job.ts';`],
      ['packages/novelty/src/a.ts', `import { b } from './b.ts';`],
      ['packages/analysis/src/a.ts', `import { b } from '@lazaret/oci/manifest';`],
      ['packages/analysis/src/a.ts', `import { b } from '@lazaret/oci/testing';`],
    ],
    good: [
      ['packages/analysis/src/a.ts', `const b = await import('@lazaret/oci/registry');`],
      ['packages/analysis/src/a.test.ts', `import { b } from '@lazaret/oci/testing';`],
      ['packages/server/src/a.ts', `import { b } from '@lazaret/analysis';`],
      [
        'packages/cli/src/commands/server/run-server.ts',
        `const b = await import('@lazaret/server');`,
      ],
    ],
  },
  {
    rule: 'slices import according to their table, siblings through index.ts',
    find: findSliceViolations,
    bad: [
      ['packages/server/src/blobs/a.ts', `import { b } from '../jobs/index.ts';`],
      ['packages/server/src/jobs/a.ts', `import { b } from '../blobs/fs.ts';`],
      ['packages/server/src/jobs/a.ts', `import { b } from '../app/compose.ts';`],
      ['packages/server/src/roles/a.ts', `import { b } from '../app/compose.ts';`],
      ['packages/server/src/floor/db/a.ts', `import { b } from '../events/index.ts';`],
      ['packages/server/src/jobs/a.ts', `import { b } from '../floor/db/schema.ts';`],
      ['packages/server/src/jobs/a.ts', `import { b } from '../testing/database.ts';`],
      ['packages/server/src/novelty/a.ts', `import { b } from '../floor/db/index.ts';`],
    ],
    good: [
      ['packages/server/src/jobs/a.ts', `import { b } from '../blobs/index.ts';`],
      ['packages/server/src/jobs/a.ts', `import type { B } from '../floor/db/schema.ts';`],
      ['packages/server/src/app/compose.ts', `import { b } from '../jobs/index.ts';`],
      ['packages/server/src/app/a.ts', `import { b } from '../roles/worker.ts';`],
      ['packages/server/src/jobs/a.test.ts', `import { b } from '../testing/database.ts';`],
    ],
  },
  {
    rule: 'parts of analysis import according to their table',
    find: findAnalysisViolations,
    bad: [
      ['packages/analysis/src/cache/a.ts', `import { b } from '../inspection/inspect.ts';`],
      ['packages/analysis/src/cache/a.ts', `import type { B } from '../inspection/walk/b.ts';`],
      ['packages/analysis/src/scan/yara/a.ts', `import { b } from '../../inspection/b.ts';`],
      ['packages/analysis/src/archive/a.ts', `import { b } from '../tree/b.ts';`],
      ['packages/analysis/src/inventory/a.ts', `const b = await import('../source/b.ts');`],
      ['packages/analysis/src/inspection/walk/a.ts', `import { b } from '../layers/b.ts';`],
      ['packages/analysis/src/inspection/layers/a.ts', `import { b } from '../inspect.ts';`],
      ['packages/analysis/src/report/a.ts', `import { b } from '../inspection/inspect.ts';`],
      ['packages/analysis/src/novelty/a.ts', `import { b } from '../tree/b.ts';`],
      ['packages/analysis/src/tree/a.ts', `import { b } from '../testing/b.ts';`],
      ['packages/analysis/src/tree/a.ts', `export * from '../index.ts';`],
    ],
    good: [
      ['packages/analysis/src/cache/a.ts', `import type { B } from '../scan/scanner.ts';`],
      ['packages/analysis/src/inspection/a.ts', `import { b } from './walk/b.ts';`],
      ['packages/analysis/src/inspection/layers/a.ts', `import { b } from '../walk/b.ts';`],
      ['packages/analysis/src/tree/a.test.ts', `import { b } from '../inspection/b.ts';`],
      ['packages/analysis/src/testing/a.ts', `import { b } from '../inspection/b.ts';`],
      ['packages/analysis/src/index.ts', `export { b } from './inspection/b.ts';`],
    ],
  },
  {
    rule: 'SQL names a table only in the part of the server that owns it',
    find: findTableViolations,
    bad: [
      ['packages/server/src/jobs/a.ts', `db.selectFrom('nodes').selectAll();`],
      ['packages/server/src/jobs/a.ts', `db.insertInto('events').values(row);`],
      ['packages/server/src/jobs/a.ts', `db.updateTable('nodes as n').set(row);`],
      ['packages/server/src/jobs/a.ts', `db.deleteFrom('artifacts');`],
      ['packages/server/src/nodes/a.ts', `q.innerJoin('jobs', 'jobs.node', 'nodes.name');`],
      ['packages/server/src/nodes/a.ts', `q.leftJoin('jobs as j', 'j.node', 'nodes.name');`],
      ['packages/server/src/nodes/a.ts', `db.selectFrom(['nodes', 'jobs']);`],
      ['packages/server/src/nodes/a.ts', 'sql`update jobs set state = ${state}`;'],
      ['packages/server/src/nodes/a.ts', 'sql<Row>`select 1 from nodes, jobs where true`;'],
      ['packages/server/src/nodes/a.ts', 'sql`insert into events (type) select type from x`;'],
      ['packages/server/src/nodes/a.ts', 'sql`select exists (select from only attempts)`;'],
      ['packages/server/src/nodes/a.ts', 'sql`delete from nodes using jobs where true`;'],
      ['packages/server/src/roles/a.ts', 'pool.query(`truncate jobs`);'],
      ['packages/server/src/roles/a.ts', `pool.query('lock table events in share mode');`],
      ['packages/server/src/roles/a.ts', `sql.table('layer_files');`],
      ['packages/server/src/jobs/a.ts', `const name = 'image_findings';`],
      // Listed as a reader, which must not change the table.
      ['packages/server/src/metrics/a.ts', `db.deleteFrom('jobs');`],
      ['packages/server/src/jobs/a.ts', 'sql`update blobs set size_bytes = 0`;'],
    ],
    good: [
      ['packages/server/src/nodes/a.ts', `db.selectFrom('nodes').selectAll();`],
      ['packages/server/src/metrics/a.ts', 'sql`select count(*) as nodes from jobs`;'],
      ['packages/server/src/jobs/a.ts', 'sql`with node as (select 1) select id from node`;'],
      ['packages/server/src/jobs/a.ts', `q.innerJoin('blobs', 'blobs.sha256', 'a.sha256');`],
      ['packages/server/src/nodes/a.ts', `Array.from('jobs');`],
      ['packages/server/src/nodes/a.test.ts', `db.deleteFrom('jobs');`],
      ['packages/server/src/floor/db/a.ts', `pool.query('select 1 from schema_migrations');`],
    ],
  },
  {
    rule: 'libraries are only imported by their owners',
    find: findLibraryViolations,
    bad: [
      ['packages/protocol/src/a.ts', `import { readFile } from 'node:fs';`],
      ['packages/analysis/src/a.ts', `import { Kysely } from 'kysely';`],
      ['packages/server/src/jobs/a.ts', `import pg from 'pg';`],
    ],
    good: [
      ['packages/protocol/src/a.ts', `import { z } from 'zod';`],
      ['packages/server/src/floor/db/a.ts', `import pg from 'pg';`],
    ],
  },
  {
    rule: 'there are no import cycles',
    find: findCycles,
    bad: [
      ['packages/server/src/a.ts', `import './a.ts';`],
      ['packages/cli/src/a.ts', `export type { B } from './a.ts';`],
    ],
    good: [['packages/server/src/a.ts', `import { b } from './b.ts';`]],
  },
  {
    rule: 'the environment is only read in listed files',
    find: findEnvironmentReads,
    bad: [
      ['packages/server/src/jobs/a.ts', `const level = process.env['LEVEL'];`],
      ['packages/cli/src/a.ts', `const { HOME } = process.env;`],
    ],
    good: [
      ['packages/cli/src/environment.ts', `const { HOME } = process.env;`],
      ['packages/cli/src/a.test.ts', `const { HOME } = process.env;`],
    ],
  },
  {
    rule: 'the clock is only read in listed files',
    find: findClockReads,
    bad: [
      ['packages/server/src/jobs/a.ts', `const at = Date.now();`],
      ['packages/server/src/jobs/a.ts', `const options = { now: Date.now };`],
      ['packages/server/src/jobs/a.ts', `const at = new Date();`],
      ['packages/analysis/src/a.ts', `const at = performance.now();`],
    ],
    good: [
      ['packages/server/src/jobs/a.ts', `const at = new Date(row.at);`],
      ['packages/server/src/jobs/a.ts', `const at = Date.parse(text);`],
      ['packages/cli/src/main.ts', `const at = Date.now();`],
    ],
  },
  {
    rule: 'the network is only used in listed files',
    find: findNetworkUses,
    bad: [
      ['packages/server/src/jobs/a.ts', `await fetch('http://elsewhere');`],
      ['packages/server/src/jobs/a.ts', `const call = { fetch };`],
      ['packages/analysis/src/a.ts', `await globalThis.fetch(url);`],
      ['packages/console/src/a.ts', `const stream = new EventSource('/events');`],
      ['packages/server/src/jobs/a.ts', `import { connect } from 'node:net';`],
      ['packages/agent/src/a.ts', `import { Pool } from 'undici';`],
    ],
    good: [
      ['packages/cli/src/a.ts', `await shell.fetch(url);`],
      ['packages/server/src/floor/http/a.ts', `import type { IncomingMessage } from 'node:http';`],
      ['packages/cli/src/main.ts', `run({ fetch });`],
    ],
  },
  {
    rule: 'operations and kinds of events are declared once, in protocol',
    find: findDoubleNames,
    bad: [
      ['packages/server/src/a.ts', `export const a = defineOperation({ name: 'x.y' });`],
      ['packages/cli/src/a.ts', `const eventKinds = {};`],
      [
        'packages/protocol/src/a.ts',
        `const a = defineOperation({ name: 'x.y' }); const b = defineOperation({ name: 'x.y' });`,
      ],
    ],
    good: [['packages/protocol/src/a.ts', `const a = defineOperation({ name: 'x.y' });`]],
  },
];

test.each(cases)('$rule', ({ find }) => {
  expect(find(sources)).toEqual([]);
});

test.each(cases)('planted: $rule', ({ find, bad, good }) => {
  for (const [path, text] of bad) {
    expect(find([parseSource(path, text)]), `${path}: ${text}`).not.toEqual([]);
  }
  for (const [path, text] of good) {
    expect(find([parseSource(path, text)]), `${path}: ${text}`).toEqual([]);
  }
});

test('a cycle over several files is found', () => {
  const ring = [
    parseSource('packages/cli/src/a.ts', `import { b } from './b.ts';`),
    parseSource('packages/cli/src/b.ts', `import type { C } from './c.ts';`),
    parseSource('packages/cli/src/c.ts', `export { a } from './a.ts';`),
  ];
  expect(findCycles(ring)).toEqual([expect.stringContaining('a.ts → ')]);
});

test('a cycle over imports that load later is found as well', () => {
  const ring = [
    parseSource('packages/cli/src/a.ts', `export const load = () => import('./b.ts');`),
    parseSource('packages/cli/src/b.ts', `import type { A } from './a.ts';`),
  ];
  expect(findCycles(ring)).toEqual([expect.stringContaining('a.ts → ')]);
});

test('every permit in the tables is used', () => {
  expect(findIdlePermits(sources)).toEqual([]);
  expect(findIdlePermits([])).not.toEqual([]);
  expect(findIdleParts(sources)).toEqual([]);
  expect(findIdleParts([])).not.toEqual([]);
});

test('every table of the schema has one owner, and no rule about tables is idle', () => {
  const owned = Object.values(tableOwners).flat();
  expect(owned).toEqual([...new Set(owned)]);
  const created = listFiles('packages/server/src/floor/db/migrations').flatMap((path) =>
    [...readText(path).matchAll(/^create table (?:if not exists )?([a-z_]+)/gim)].map(
      ([, table]) => table,
    ),
  );
  expect(created.length).toBeGreaterThan(20);
  expect(created.toSorted()).toEqual(
    owned.filter((table) => table !== 'schema_migrations').toSorted(),
  );
  expect(findIdleTableRules(sources)).toEqual([]);
  expect(findIdleTableRules([])).not.toEqual([]);
});

test('a file that cannot be parsed is an error, not clean', () => {
  expect(() => parseSource('packages/cli/src/a.ts', 'const = ;')).toThrow('a.ts');
  expect(sources.length).toBeGreaterThan(300);
});
