/** Policies of a running server: decisions about arrivals, over API and command line. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations, type Client, type Decision } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { repository as root, startInstance, type Instance } from './support/instance.ts';
import { buildApp, startWithRegistry, type RegistryInstance } from './support/registry-instance.ts';
import { addPerson, visit } from './support/visit.ts';

const { access, arrivals, decisions, exceptions, policies, registries, system } = operations;
let lab: RegistryInstance;
let instance: Instance;
let directory = '';
let digest = '';

beforeAll(async () => {
  lab = await startWithRegistry();
  ({ instance } = lab);
  directory = await mkdtemp(join(tmpdir(), 'lazaret-policies-'));
  const image = await buildApp('judged');
  digest = image.descriptor.digest;
  lab.registry.store.putImage('lab/judged', '1', image);
  await instance.client.call(registries.add, {
    body: {
      ...{ name: 'lab', address: lab.registry.host, plainHttp: true, credentials: 'none' },
      pollInterval: '1s',
    },
  });
});
afterAll(async () => {
  await instance.close();
  await lab.close();
  await rm(directory, { recursive: true, force: true });
});

async function waitForDecision(client: Client, query: object): Promise<Decision> {
  const found = await expect
    .poll(async () => (await client.call(decisions.list, { query })).items[0], {
      timeout: 40_000,
    })
    .toBeDefined()
    .then(() => client.call(decisions.list, { query }));
  const [first] = found.items;
  if (first === undefined) throw new Error('there is no decision');
  return first;
}

const run = promisify(execFile);

async function lazaret(...words: readonly string[]): Promise<string> {
  const { url, adminToken } = instance;
  const env = { PATH: process.env['PATH'], LAZARET_SERVER: url, LAZARET_TOKEN: adminToken };
  const program = join(root, 'packages', 'cli', 'bin', 'lazaret.mjs');
  const { stdout } = await run(process.execPath, [program, ...words], { env });
  return stdout;
}

const document = `
schema: lazaret-policy/1
name: app
priority: 1
actions: { block: { enabled: true, dryRun: false } }
rules:
  - id: no-lab
    condition: context.repository.startsWith("lab/")
    message: not from the lab
    actions: [report, block]
`;

test('what arrives is decided by the built-in policy, and the arrival says so', async () => {
  const { client } = instance;
  const decision = await waitForDecision(client, { digest });
  // no malware scanner runs here
  expect(decision).toMatchObject({
    ...{ registry: 'lab', repository: 'lab/judged', tags: ['1'], policy: 'default' },
    ...{ verdict: 'incomplete', inspected: 'unscanned', action: 'none', trigger: 'arrival' },
    reasons: ['no malware scanner ran'],
  });
  const params = { id: decision.arrival };
  const arrival = await client.call(arrivals.show, { params });
  expect(arrival).toMatchObject({ decision: decision.id, action: 'none' });
  const detail = await client.call(decisions.show, { params: { id: decision.id } });
  expect(detail.images).toMatchObject([{ digest, inspection: arrival.inspections[0] }]);
});

test('a policy is tried, applied, explained, excepted and removed on the command line', async () => {
  const path = join(directory, 'app.yaml');
  await writeFile(path, document);
  const preview = await lazaret('policy', 'rejudge', '--dry-run', '--policy', path);
  expect(preview).toContain('1 of 1 image would change');
  expect(preview).toContain('lab/judged:1');
  expect(preview).toMatch(/incomplete none +-> +fail block/);
  expect(await lazaret('policy', 'apply', path)).toContain('app version 1 is in force');
  expect(await lazaret('policy', 'rejudge', '--wait')).toMatch(/^idle: 1 of 1 image judged/);
  const start = digest.slice(0, 20);
  expect(await lazaret('decisions', 'list', '--digest', start, '--action', 'block')).toContain(
    'lab/judged',
  );
  const explained = await lazaret('decisions', 'explain', digest, '-o', 'json');
  expect(JSON.parse(explained)).toMatchObject({
    items: [
      {
        decision: { policy: 'app', action: 'block', trigger: 'policy' },
        images: [{ rules: [{ id: 'no-lab', state: 'matched', message: 'not from the lab' }] }],
      },
    ],
  });
  const page = await lazaret('decisions', 'explain', digest.slice('sha256:'.length, 20));
  expect(page).toMatch(/^Decided +FAIL, action block$/m);
  expect(page).toMatch(/^Found in +lab\/lab\/judged:1$/m);
  expect(page).toMatch(/^✗ no-lab +matched .*\n +message +not from the lab\n +true +context\./m);
  const [listed] = (await instance.client.call(arrivals.list, { query: { digest } })).items;
  const inForce = { verdict: 'fail', action: 'block', inspected: 'unscanned' };
  expect(listed).toMatchObject({ action: 'none', inForce });
  const tags = await lazaret('registries', 'tags', 'lab');
  expect(tags).toMatch(/^1 +lab\/judged +[0-9a-f]{12} +yes +unscanned +fail +block /m);
  await lazaret(
    ...['exceptions', 'add', '--rule', 'no-lab', '--image', digest.slice(0, 20)],
    ...['--reason', 'pilot', '--expires', '2099-01-01'],
  );
  expect(await lazaret('exceptions', 'list')).toContain('pilot');
  const unknown = { rule: 'no-lap', reason: 'typed wrongly', expires: '2099-01-01' };
  const { id, warnings } = await instance.client.call(exceptions.add, { body: unknown });
  expect(warnings).toMatchObject([expect.stringContaining('did you mean "no-lab"?')]);
  await instance.client.call(exceptions.remove, { params: { id } });
  const excepted = await waitForDecision(instance.client, {
    ...{ digest, inForce: 'true', action: 'none' },
  });
  const { exceptions: used } = await instance.client.call(decisions.show, {
    params: { id: excepted.id },
  });
  expect(used).toMatchObject([{ rule: 'no-lab', reason: 'pilot', source: 'manual' }]);
  expect(await lazaret('policy', 'list')).toMatch(/app +default +1 +api/);
  expect(await lazaret('policy', 'versions', 'app')).toContain('1');
  await lazaret('policy', 'remove', 'app', '--yes');
  expect(await lazaret('policy', 'list')).not.toContain('app ');
});

test('a document is checked and its test cases run without storing anything', async () => {
  const { client } = instance;
  const bad = document.replace('startsWith', 'startWith');
  const refused = await client.call(policies.validate, { body: { document: bad } });
  expect(refused).toMatchObject({ valid: false, name: null, faults: [{ line: 8, column: 34 }] });
  expect(refused.faults[0]?.message).toContain('startsWith');
  const tests = `tests:
  - name: the lab is blocked
    context: { repository: lab/app }
    expect: { verdict: fail, actions: { block: apply } }
  - name: others are blocked too
    context: { repository: prod/app }
    expect: { matched: [no-lab] }
  - name: from a file
    report: saved.json
    expect: { verdict: fail }
`;
  const body = { document: `${document}${tests}` };
  const checked = await client.call(policies.validate, { body });
  expect(checked).toMatchObject({ valid: true, name: 'app', rules: 1, tests: 3, faults: [] });
  expect(await client.call(policies.test, { body })).toMatchObject({
    ...{ name: 'app', passed: 1, failed: 2 },
    tests: [
      {
        passed: true,
        decided: { verdict: 'fail', rules: [{ id: 'no-lab', message: 'not from the lab' }] },
      },
      { passed: false, differences: [{ what: 'matched', expected: 'no-lab', actual: 'none' }] },
      { passed: false, decided: null, problems: [expect.stringContaining('saved.json')] },
    ],
  });
  expect((await client.call(policies.list, {})).items.map(({ name }) => name)).not.toContain('app');
});

test('a version that another user applied in the meantime is not replaced', async () => {
  const { client } = instance;
  const raced = document.replace('name: app', 'name: raced').replace('lab/', 'nowhere/');
  const first = { document: raced, expectedVersion: 0 };
  expect(await client.call(policies.apply, { body: first })).toMatchObject({ version: 1 });
  await expect(
    client.call(policies.apply, { body: { ...first, document: `${raced}\n` } }),
  ).rejects.toThrow(/version 1 \(by .+\) of the policy raced is in force, expected none/);
  const second = { document: `${raced}\n`, expectedVersion: 1 };
  expect(await client.call(policies.apply, { body: second })).toMatchObject({ version: 2 });
  // another rule than the one that has an exception
  const tried = document.replace('no-lab', 'not-lab');
  const preview = await client.call(policies.preview, { body: { document: tried } });
  const blocked = preview.actions.find(({ action }) => action === 'block');
  expect(blocked).toEqual({ action: 'block', before: 0, after: preview.judged });
  await client.call(policies.remove, { params: { name: 'raced' } });
});

test('a bad file is refused in the status, and the last good version stays in force', async () => {
  const path = join(instance.dataDirectory, 'policies', 'file.yaml');
  const good = document.replace('name: app', 'name: file').replace('lab/', 'nowhere/');
  await writeFile(path, good);
  const version = () =>
    instance.client
      .call(policies.list, {})
      .then(({ items }) => items.find(({ name }) => name === 'file'));
  await expect.poll(version, { timeout: 20_000 }).toMatchObject({ version: 1, problem: null });
  await writeFile(path, good.replace('priority: 1', 'priority: high'));
  await expect
    .poll(version, { timeout: 20_000 })
    .toMatchObject({ version: 1, inForce: true, problem: { faults: [{ line: 4, column: 11 }] } });
  const { missing } = await instance.client.call(system.show, {});
  expect(missing).toContainEqual(
    expect.objectContaining({
      part: 'policy file',
      detail: expect.stringContaining('line 4, column 11: priority: expected number'),
    }),
  );
});

test('policies, exceptions and decisions of another project are hidden', async () => {
  await instance.client.call(access.projectCreate, { body: { name: 'red' } });
  const grants = [{ role: 'operator', project: 'red' }] as const;
  const { token: visitor } = await addPerson(instance, 'ro', [...grants]);
  const { url } = instance;
  const seen = await visit(url, decisions.list, { visitor });
  expect(JSON.parse(seen.text)).toEqual({ items: [], next: null });
  const [decision] = (await instance.client.call(decisions.list, {})).items;
  const [exception] = (await instance.client.call(exceptions.list, {})).items;
  const hidden = [
    visit(url, decisions.show, { visitor, params: { id: decision?.id ?? '' } }),
    visit(url, decisions.explain, { visitor, query: { digest } }),
    visit(url, exceptions.show, { visitor, params: { id: exception?.id ?? '' } }),
    visit(url, exceptions.remove, { visitor, params: { id: exception?.id ?? '' } }),
    visit(url, policies.show, { visitor, params: { name: 'file' }, query: { project: 'default' } }),
    visit(url, policies.apply, { visitor, body: { project: 'default', document } }),
  ];
  expect((await Promise.all(hidden)).map(({ status }) => status)).toEqual([
    404, 404, 404, 404, 404, 404,
  ]);
  const own = await visit(url, policies.apply, { visitor, body: { project: 'red', document } });
  expect(own.status).toBe(200);
  const pagesOf = async (cursor?: string): Promise<string[]> => {
    const query = { limit: 1, ...(cursor !== undefined && { cursor }) };
    const { items, next } = await instance.client.call(policies.list, { query });
    const names = items.map(({ project, name }) => `${project}/${name}`);
    return next === null ? names : [...names, ...(await pagesOf(next))];
  };
  expect(await pagesOf()).toEqual(['default/file', 'default/default', 'red/app', 'red/default']);
  const listed = JSON.parse((await visit(url, policies.list, { visitor })).text);
  expect(listed.items.map(({ name }: { name: string }) => name)).toEqual(['app', 'default']);
});

test('after kill -9 an arrival that settled without a decision gets one, and keeps the others', async () => {
  const { client, dataDirectory } = instance;
  const before = (await client.call(decisions.list, { query: { limit: 200 } })).items;
  lab.registry.store.putImage('lab/killed', '1', await buildApp('killed'));
  const arrived = () =>
    client
      .call(arrivals.list, { query: { repository: 'lab/killed' } })
      .then(({ items }) => items[0]?.state);
  await expect.poll(arrived, { timeout: 30_000, interval: 5 }).toMatch(/inspecting|inspected/);
  await instance.kill();
  const section = { registries: { plainHttp: [lab.registry.host] }, parallel: 0 };
  instance = await startInstance({
    dataDirectory,
    arguments: ['--inspection', JSON.stringify(section)],
  });
  const decision = await waitForDecision(instance.client, { repository: 'lab/killed' });
  expect(decision).toMatchObject({ tags: ['1'], inForce: true });
  const after = (await instance.client.call(decisions.list, { query: { limit: 200 } })).items;
  expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
  const query = { repository: 'lab/killed' };
  expect((await instance.client.call(decisions.list, { query })).items).toHaveLength(1);
}, 120_000);
