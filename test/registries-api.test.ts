/** Watched registries over the API and the command line: what callers see, and what is hidden. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createClient, operations, type Client, type Operation } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { repository as root } from './support/instance.ts';
import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  type RegistryInstance,
} from './support/registry-instance.ts';
import { addPerson, visit, type Visit, type Visitor } from './support/visit.ts';

const run = promisify(execFile);
const { registries, arrivals, access } = operations;
let lab: RegistryInstance;
let client: Client;
/** The last arrival of the project blue. */
let inBlue = '';
let reader: Visitor;
const strangers = new Map<string, Visitor>();

beforeAll(async () => {
  lab = await startWithRegistry({ arguments: ['--requests-per-minute', '1000000'] });
  ({ client } = lab.instance);
  for (const name of ['red', 'blue']) {
    await client.call(access.projectCreate, { body: { name } });
  }
  for (const role of ['viewer', 'submitter', 'operator', 'administrator'] as const) {
    const person = await addPerson(lab.instance, `${role}-red`, [{ role, project: 'red' }]);
    strangers.set(`${role} of red`, person.token);
  }
  reader = (await addPerson(lab.instance, 'reader', [{ role: 'viewer', project: 'blue' }])).token;
  for (const tag of ['1', '2', '3']) {
    lab.registry.store.putImage('lab/blue-app', tag, await buildApp(`blue ${tag}`));
  }
  await client.call(registries.add, {
    body: {
      ...{ name: 'blue-registry', address: lab.registry.host, project: 'blue' },
      ...{ plainHttp: true, credentials: 'none', pollInterval: '1h', backlog: 2 },
    },
  });
  const query = { after: '0'.repeat(16), waitSeconds: 50 };
  const { items } = await client.call(arrivals.list, { query });
  inBlue = items[0]?.id ?? '';
});
afterAll(() => lab.close());

test('a caller who waits for arrivals is answered when one comes', async () => {
  const { items } = await client.call(arrivals.list, { query: { limit: 200 } });
  const after = items[0]?.id;
  const waiting = client.call(arrivals.list, {
    query: { waitSeconds: 50, ...(after !== undefined && { after }) },
  });
  lab.registry.store.putImage('lab/blue-new', '1', await buildApp('new in blue'));
  await client.call(registries.sync, { params: { name: 'blue-registry' } });
  const found = await waiting;
  expect(found.items).toMatchObject([{ repository: 'lab/blue-new', source: 'poll' }]);
});

test('repositories, tags, history and arrivals are listed in pages', async () => {
  const params = { name: 'blue-registry' };
  await client.call(registries.show, { params, query: { waitSeconds: 50 } });
  const repositories = await client.call(registries.repositories, {
    params,
    query: { text: 'blue-app' },
  });
  expect(repositories.items).toMatchObject([{ name: 'lab/blue-app', tags: 3, skipped: 1 }]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { repository: 'lab/blue-app', limit: 1, ...(cursor && { cursor }) };
    const page = await client.call(registries.tags, { params, query });
    seen.push(...page.items.map(({ tag }) => tag));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(['1', '2', '3']);
  const history = await client.call(registries.history, {
    params,
    query: { repository: 'lab/blue-app', tag: '2' },
  });
  expect(history.items).toMatchObject([{ change: 'appeared', source: 'backlog', previous: null }]);
  const digest = history.items[0]?.digest ?? '';
  const byDigest = await client.call(arrivals.list, { query: { digest } });
  const listed = await client.call(registries.tags, { params, query: { text: '2' } });
  expect(byDigest.items.map(({ tag }) => tag)).toEqual(
    listed.items.flatMap(({ arrival, tag }) => (arrival === null ? [] : [tag])),
  );
});

test('a reported push is recorded once for each key, and read back with its verdict', async () => {
  const built = await buildApp('reported by a pipeline');
  lab.registry.store.putImage('lab/blue-reported', '1', built);
  const { digest } = built.descriptor;
  const body = { registry: 'blue-registry', repository: 'lab/blue-reported', tag: '1', digest };
  const headers = { 'idempotency-key': 'pipeline-7' };
  const first = await client.call(arrivals.report, { body }, { headers });
  const again = await client.call(arrivals.report, { body }, { headers });
  expect([first.outcome, again.outcome]).toEqual(['recorded', 'known']);
  expect(again.arrival).toBe(first.arrival);
  const params = { id: first.arrival ?? '' };
  let found = await client.call(arrivals.show, { params, query: { waitSeconds: 50 } });
  while (found.settledAt === null) {
    found = await client.call(arrivals.show, { params, query: { waitSeconds: 50 } });
  }
  expect(found).toMatchObject({ source: 'manual', state: 'inspected', verdict: 'unscanned' });
  const other = { ...body, repository: 'elsewhere/app:x' };
  await client.call(registries.update, {
    params: { name: 'blue-registry' },
    body: { repositories: ['lab/**'] },
  });
  expect(await client.call(arrivals.report, { body: other })).toMatchObject({
    outcome: 'ignored',
    detail: 'the repository is not watched',
  });
});

test('images of a watched registry are inspected with its settings, in its project alone', async () => {
  const host = lab.registry.host;
  const found = await inspectAndWait(client, {
    reference: `${host}/lab/blue-app:1`,
    project: 'blue',
  });
  expect(found.state).toBe('finished');
});

interface Question {
  readonly operation: Operation;
  readonly ask: (thing: { readonly name: string; readonly id: string }) => Visit;
}

const byName = ({ name }: { name: string }): Visit => ({ params: { name } });
const questions: [string, Question][] = [
  ['a registry', { operation: registries.show, ask: byName }],
  ['its repositories', { operation: registries.repositories, ask: byName }],
  ['its tags', { operation: registries.tags, ask: byName }],
  ['its history', { operation: registries.history, ask: byName }],
  ['an arrival', { operation: arrivals.show, ask: ({ id }) => ({ params: { id } }) }],
  [
    'its arrivals',
    { operation: arrivals.list, ask: ({ name }) => ({ query: { registry: name } }) },
  ],
];

test.each(questions)(
  '%s of another project is answered like one that never existed',
  async (_, { operation, ask }) => {
    const own = { name: 'blue-registry', id: inBlue };
    const never = { name: 'no-registry', id: '0'.repeat(16) };
    const answer = async (visitor: Visitor, thing: typeof own): Promise<object> => {
      const { status, text } = await visit(lab.instance.url, operation, { ...ask(thing), visitor });
      const plain = text
        .replaceAll(thing.name, 'NAME')
        .replaceAll(thing.id, 'ID')
        .replaceAll(/"requestId":"[^"]+"/g, '');
      return { status, plain };
    };
    for (const [who, visitor] of [...strangers, ['anonymous', {}] as const]) {
      expect([who, await answer(visitor, own)]).toEqual([who, await answer(visitor, never)]);
    }
    const seen = await visit(lab.instance.url, operation, { ...ask(own), visitor: reader });
    expect(seen.status).toBe(200);
    expect(seen.text).toContain('blue');
  },
);

test('a report to a registry of another project, or without the permission, is refused', async () => {
  const body = { registry: 'blue-registry', repository: 'lab/blue-app', tag: '1' };
  for (const [who, visitor] of strangers) {
    const seen = await visit(lab.instance.url, arrivals.report, { visitor, body });
    expect([who, seen.status === 404 || seen.status === 403]).toEqual([who, true]);
    expect(seen.text).not.toContain('blue is');
  }
  const seen = await visit(lab.instance.url, arrivals.report, { visitor: reader, body });
  expect(seen.code).toBe('forbidden');
});

test('an administrator of one project cannot add a registry', async () => {
  const visitor = strangers.get('administrator of red') ?? {};
  const body = { name: 'mine', address: '169.254.169.254', project: 'red' };
  expect((await visit(lab.instance.url, registries.add, { visitor, body })).code).toBe('forbidden');
});

test('the command line lists, shows, checks, polls and imports', async () => {
  const { url, adminToken } = lab.instance;
  const env = { PATH: process.env['PATH'], LAZARET_SERVER: url, LAZARET_TOKEN: adminToken };
  const lazaret = async (line: string): Promise<string> => {
    const program = join(root, 'packages', 'cli', 'bin', 'lazaret.mjs');
    const { stdout } = await run(process.execPath, [program, ...line.split(' ')], { env });
    return stdout;
  };
  const { host } = lab.registry;
  expect(await lazaret('registries list')).toContain('blue-registry');
  expect(await lazaret('registries show blue-registry -o json')).toContain(`"address": "${host}"`);
  expect(await lazaret('registries check blue-registry')).toContain('answers as a registry');
  await lazaret('registries sync blue-registry');
  expect(await lazaret('registries repositories blue-registry')).toContain('lab/blue-app');
  expect(await lazaret('registries tags blue-registry --repository lab/blue-app')).toMatch(
    / [0-9a-f]{12} /,
  );
  expect(await lazaret('arrivals list --registry blue-registry')).toContain('lab/blue-new');
  const imported = `registries import --name old --poll=30 --maximages=5 ${host} lab/a`;
  const dryRun = await lazaret(`${imported} --dry-run`);
  expect(dryRun).toContain('pollInterval: 30');
  expect(await lazaret(`${imported} --registryhttps=false`)).toBe('old\n');
  expect(await lazaret('registries show old -o yaml')).toContain('backlog: 5');
  expect(await lazaret('registries remove old --yes')).toContain('old');
  await expect(
    createClient({ baseUrl: url, token: adminToken }).call(registries.show, {
      params: { name: 'old' },
    }),
  ).rejects.toMatchObject({ code: 'not_found' });
});
