/** Policies from the API and from files: versions, faults, and what stays in force. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { PolicySets } from './policy-set.ts';
import { syncPolicyFiles, type FileParts } from './policy-files.ts';
import { listPolicies, listVersions, readPolicy } from './read-policies.ts';
import { listRefused } from './slice.ts';
import { applyPolicy, removePolicy } from './store-policies.ts';

let database: TestDatabase;
let parts: FileParts;
const sets = new PolicySets();
const project = 'default';

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-policies-'));
  parts = { database: database.handle.db, log: pino({ level: 'silent' }), directory };
});
afterAll(async () => {
  await database.drop();
  await rm(parts.directory, { recursive: true, force: true });
});

const text = (name: string, rest = '') =>
  `schema: lazaret-policy/1\nname: ${name}\n${rest}rules:\n  - { id: all, condition: 'true' }\n`;
const put = async (path: string, content: string) => {
  await writeFile(join(parts.directory, path), content);
  return syncPolicyFiles(parts);
};
const names = async () =>
  (await listPolicies(parts.database, [project], sets)).map(
    ({ name, version }) => `${name}:${version}`,
  );

test('the built-in policy is in force until one of its name is applied', async () => {
  expect(await names()).toEqual(['default:0']);
  const { document, source } = await readPolicy(parts.database, { project, name: 'default' }, sets);
  expect(source).toBe('built-in');
  expect(document).toContain('schema: lazaret-policy/1');
  await applyPolicy(parts.database, { project, document, actor: 'ana' });
  expect(await names()).toEqual(['default:1']);
  await removePolicy(parts.database, { project, name: 'default', actor: 'ana' });
  expect(await names()).toEqual(['default:0']);
  await applyPolicy(parts.database, { project, document: `${document}#\n`, actor: 'ana' });
  const { items } = await listVersions(parts.database, { project, name: 'default', limit: 5 });
  expect(items).toMatchObject([
    { version: 2, inForce: true },
    { version: 1, inForce: false },
  ]);
  await removePolicy(parts.database, { project, name: 'default', actor: 'ana' });
});

test('policies are tried by priority, then by name', async () => {
  for (const document of [text('b'), text('a'), text('c', 'priority: 5\n')]) {
    await applyPolicy(parts.database, { project, document, actor: 'ana' });
  }
  expect(await names()).toEqual(['c:1', 'a:1', 'b:1', 'default:0']);
  for (const name of ['a', 'b', 'c']) {
    await removePolicy(parts.database, { project, name, actor: 'ana' });
  }
});

test('a document with a fault is refused with line, column and what was expected', async () => {
  const document = text('bad', 'priority: high\n');
  const refused = applyPolicy(parts.database, { project, document, actor: 'ana' });
  await expect(refused).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [
      {
        path: 'line 3, column 11',
        message: 'priority: expected number, received string',
      },
    ],
  });
});

test('a bad file keeps the last good version in force, and says so until it is corrected', async () => {
  expect(await put('app.yaml', text('app'))).toBe(true);
  expect(await syncPolicyFiles(parts)).toBe(false);
  expect(await names()).toContain('app:1');
  expect(await put('app.yaml', text('app', 'priority: high\n'))).toBe(true);
  expect(await syncPolicyFiles(parts)).toBe(false);
  const [app] = await listPolicies(parts.database, [project], sets);
  expect(app).toMatchObject({
    ...{ name: 'app', version: 1, source: 'file', file: 'app.yaml', inForce: true },
    problem: { faults: [{ line: 3, column: 11, message: expect.stringContaining('number') }] },
  });
  expect(await listRefused(parts.database)).toEqual([
    {
      part: 'policy app',
      detail:
        'The file app.yaml is not valid: line 3, column 11: priority: expected number, received ' +
        'string; version 1 stays in force.',
      advice:
        'Run `lazaret policy validate FILE`, and correct the file; it is read again by itself.',
    },
  ]);
  await put('app.yaml', text('app', 'priority: 3\n'));
  expect(await listRefused(parts.database)).toEqual([]);
  expect(await names()).toContain('app:2');
});

test('a file that never was valid is listed, and is not in force', async () => {
  await put('broken.yaml', 'schema: [');
  const found = (await listPolicies(parts.database, [project], sets)).find(
    ({ name }) => name === 'broken',
  );
  expect(found).toMatchObject({ version: 0, inForce: false, rules: 0 });
  expect(found?.problem?.faults[0]?.line).toBeGreaterThan(0);
  await rm(join(parts.directory, 'broken.yaml'));
  expect(await syncPolicyFiles(parts)).toBe(true);
  expect(await names()).not.toContain('broken:0');
});

test('a policy of a file is changed in the file only', async () => {
  await put('owned.yaml', text('owned'));
  const change = applyPolicy(parts.database, { project, document: text('owned'), actor: 'ana' });
  await expect(change).rejects.toThrow('is in the file owned.yaml');
  const removal = removePolicy(parts.database, { project, name: 'owned', actor: 'ana' });
  await expect(removal).rejects.toThrow('remove the file owned.yaml');
  await put('twice.yaml', text('owned'));
  expect(await listRefused(parts.database)).toMatchObject([
    { detail: expect.stringContaining('the policy owned is also in owned.yaml') },
  ]);
  await rm(join(parts.directory, 'twice.yaml'));
  await rm(join(parts.directory, 'owned.yaml'));
  await syncPolicyFiles(parts);
  expect(await names()).not.toContain('owned:1');
});

test('a directory with the name of a project has the policies of that project', async () => {
  await parts.database.insertInto('projects').values({ name: 'red' }).execute();
  await mkdir(join(parts.directory, 'red'));
  await put('red/own.yaml', text('own'));
  const listed = await listPolicies(parts.database, ['red'], sets);
  expect(listed.map(({ name }) => name)).toEqual(['own', 'default']);
});

test('a directory that cannot be read removes nothing', async () => {
  await put('stays.yaml', text('stays'));
  expect(await syncPolicyFiles({ ...parts, directory: '/nonexistent/lazaret' })).toBe(false);
  expect(await names()).toContain('stays:1');
});
