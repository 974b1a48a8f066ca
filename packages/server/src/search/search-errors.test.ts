/** A search that cannot be answered names the query parameter that is wrong, as all calls do. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { search } from '../inspection/index.ts';
import { imageSearchables } from '../inspection/search/searchables.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { searchRoutes } from './routes.ts';

let database: TestDatabase;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const { db } = database.handle;
  const routes = searchRoutes({
    searchables: () => imageSearchables(db),
    searchByField: (scope, query) => search(db, scope, query),
  });
  const viewer = testPrincipal('viewer', [{ role: 'viewer', project: null }]);
  server = await startTestHttp(routes, new Map([['token', viewer]]));
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const encode = (cursor: unknown): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64url');

test.each([
  ['no field', '', ['query.text']],
  ['two fields', 'path=a&rule=b', ['query.path', 'query.rule']],
  ['a kind without text', 'path=a&kind=file', ['query.kind']],
  ['a page size per kind without text', 'path=a&perKind=3', ['query.perKind']],
  ['text and a field', 'text=a&sha1=b', ['query.sha1']],
  ['white space', 'text=%20', ['query.text']],
  ['a cursor of an overview', 'text=a&perKind=3&cursor=WzFd', ['query.cursor']],
  ['a cursor that is not JSON', 'text=a&cursor=nonsense', ['query.cursor']],
  ['a cursor of an unknown kind', `text=a&cursor=${encode(['planet'])}`, ['query.cursor']],
  ['a cursor of another kind', `text=a&cursor=${encode(['file', encode([9])])}`, ['query.cursor']],
  ['a cursor of a search by field', `path=a&cursor=${encode(['x'])}`, ['query.cursor']],
])('%s is refused with the names of the parameters', async (_, query, paths) => {
  const answer = await fetch(`${server.url}/api/v1/search?${query}`, {
    headers: { authorization: 'Bearer token' },
  });
  const problem = (await answer.json()) as { code: string; fields: { path: string }[] };
  expect({ status: answer.status, code: problem.code }).toEqual({
    status: 400,
    code: 'invalid_request',
  });
  expect(problem.fields.map(({ path }) => path)).toEqual(paths);
});
