/** The runner on the real engine: which scripts run in which images, once, and what stays. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildImage } from '@lazaret/analysis/testing';
import { buildFacts, evaluatePolicy, parsePolicy } from '@lazaret/policy';
import { scriptsSection } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createDockerExecutor } from '../executors/docker.ts';
import { removeScript } from './change-script.ts';
import { readImageFacts } from '../inspection/index.ts';
import { readScriptFacts } from './read-facts.ts';
import { listDisagreements, listRuns } from './read-runs.ts';
import { readStatus, setPaused } from './runner-state.ts';
import { scriptsSlice } from './slice.ts';
import { readScript } from './store.ts';
import { startRunnerFixture, dockerAddress, type RunnerFixture } from './testing/runner-fixture.ts';

let lab: RunnerFixture;
let debian = '';

const status = (...packages: string[]): Buffer =>
  Buffer.from(
    packages
      .map((text) => text.split('='))
      .map(
        ([name, version]) =>
          `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
      )
      .join('\n'),
  );

beforeAll(async () => {
  lab = await startRunnerFixture(inject('databaseUrl'));
  const image = await buildImage({
    layers: [
      {
        compression: 'zstd',
        entries: [
          { path: 'etc/os-release', content: Buffer.from('ID=debian\nPRETTY_NAME="Debian 13"\n') },
          {
            path: 'etc/passwd',
            content: Buffer.from('root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n'),
          },
          { path: 'var/lib/dpkg/status', content: status('bash=5.2', 'old=1') },
        ],
      },
      {
        entries: [
          { path: 'var/lib/dpkg/status', content: status('bash=5.2', 'curl=8.1', 'zlib=1.3') },
        ],
      },
    ],
    config: {
      Labels: { team: 'red' },
      Env: ['LD_PRELOAD=/x.so', 'MODE=prod'],
      Entrypoint: ['/evil'],
    },
  });
  debian = await lab.inspect('lab/debian:1', image);
}, 60_000);
beforeEach(async () => {
  await sql`delete from script_runs`.execute(lab.database);
  await sql`delete from scripts`.execute(lab.database);
  await sql`delete from events`.execute(lab.database);
  await lab.database.updateTable('script_runner').set({ paused_at: null }).execute();
});
afterEach(() => lab.stop());
afterAll(() => lab.close());

test('a script runs once in each image that it selects, and again when its content changed', async () => {
  const other = await lab.inspect(
    'lab/other:1',
    await buildImage({ layers: [{ entries: [{ path: 'a', content: Buffer.from('a') }] }] }),
  );
  await lab.put(
    'mode',
    'echo "{\\"mode\\": \\"$MODE\\", \\"root\\": \\"$(ls /)\\"}" | tr "\\n" " "',
    {
      format: 'json',
    },
  );
  await lab.put('red', 'echo red', {
    labels: ['team=red'],
    images: [`${lab.registry.host}/lab/*`],
  });
  await lab.put('none', 'echo none', { images: ['elsewhere/**'] });
  lab.start();
  await lab.settle();
  expect((await lab.outcomes()).toSorted()).toEqual([
    'mode succeeded',
    'mode succeeded',
    'red succeeded',
  ]);
  const run = await lab.runOf('mode', debian);
  expect(run).toMatchObject({ output: { mode: 'prod' }, exitCode: 0, user: '65532:65532' });
  expect(run.variablesDropped).toEqual(['LD_PRELOAD']);
  expect((await lab.runOf('mode', other)).output).toMatchObject({ mode: '' });
  // Unchanged: nothing runs.
  await lab.put('red', 'echo red', {
    labels: ['team=red'],
    images: [`${lab.registry.host}/lab/*`],
  });
  await lab.settle();
  expect(await lab.outcomes()).toHaveLength(3);
  await lab.put('red', 'echo "more red"', { labels: ['team=red'] });
  await lab.settle();
  expect(await lab.outcomes()).toHaveLength(4);
  const image = { project: 'default', digest: debian };
  const history = await listRuns(lab.database, image, { limit: 10, script: 'red', history: true });
  expect(history.items.map(({ current }) => current)).toEqual(['current', 'outdated']);
  // Later tests run in one image.
  await sql`delete from images where digest = ${other}`.execute(lab.database);
  // A removed script stays visible in its results.
  await removeScript(lab.database, { name: 'red', actor: 'ana', from: 'api' });
  const { items } = await listRuns(lab.database, image, {
    limit: 10,
    script: 'red',
    history: false,
  });
  expect(items).toMatchObject([{ current: 'removed', outcome: 'succeeded' }]);
});

test('packages from inside are compared with the inventory', async () => {
  await lab.put(
    'list',
    `echo '{"complete":["deb"],"packages":[
      {"type":"deb","name":"bash","version":"5.2","architecture":"amd64"},
      {"type":"deb","name":"curl","version":"8.2","architecture":"amd64"},
      {"type":"deb","name":"rootkit","version":"1","architecture":"amd64"}]}'`,
    { format: 'json' },
  );
  lab.start();
  await lab.settle();
  const image = { project: 'default', digest: debian };
  const { items } = await listDisagreements(lab.database, image, { limit: 10 });
  expect(
    items.map(({ rule, package: name, inside, static: known }) => [rule, name, inside, known]),
  ).toEqual([
    ['version', 'curl', '8.2', '8.1'],
    ['missing_static', 'rootkit', '1', null],
    ['missing_inside', 'zlib', null, '1.3'],
  ]);
  expect(await lab.runOf('list', debian)).toMatchObject({ outcome: 'succeeded', findings: 3 });
  const { rows } = await sql<{ readonly data: object }>`
    select data from events where type = 'script.disagreed' and subject = ${debian}`.execute(
    lab.database,
  );
  expect(rows).toMatchObject([{ data: { script: 'list', count: 3 } }]);
});

test('the scripts that ship agree with the inventory', async () => {
  lab.start({ settings: { defaults: true } });
  await expect
    .poll(async () => (await lab.outcomes()).length, { timeout: 60_000 })
    .toBeGreaterThan(4);
  await lab.settle();
  expect(await lab.runOf('packages.sh', debian)).toMatchObject({
    outcome: 'succeeded',
    findings: 0,
  });
  const { output } = await lab.runOf('packages.sh', debian);
  expect(output).toMatchObject({ complete: ['deb'], notes: [] });
  expect((await lab.runOf('users.sh', debian)).output).toMatchObject({ otherRoots: ['toor'] });
  expect((await lab.runOf('distribution.sh', debian)).output).toMatchObject({ ID: 'debian' });
  expect((await lab.runOf('setuid.sh', debian)).output).toEqual({ files: [] });
  expect((await lab.outcomes()).filter((text) => !text.endsWith('succeeded'))).toEqual([]);
});

test('a file of the directory is a script until it is removed', async () => {
  const file = join(lab.directory, 'Check.sh');
  await writeFile(file, 'echo "mark: 1"');
  await writeFile(`${file}.settings.yaml`, 'format: yaml\n');
  await writeFile(join(lab.directory, 'bad.sh'), 'echo');
  await writeFile(join(lab.directory, 'bad.sh.settings.yaml'), 'formats: yaml\n');
  const runner = lab.start();
  const present = async (): Promise<string[]> => {
    runner.wake();
    const { rows } = await sql<{ readonly name: string }>`
      select name from scripts where removed_at is null`.execute(lab.database);
    return rows.map(({ name }) => name);
  };
  await expect.poll(present, { timeout: 30_000 }).toEqual(['check.sh']);
  await lab.settle();
  expect(await lab.runOf('check.sh', debian)).toMatchObject({ output: { mark: 1 } });
  const { rows } = await sql<{ readonly data: { readonly detail: string } }>`
    select data from events where type = 'script.refused'`.execute(lab.database);
  expect(rows[0]?.data.detail).toContain('formats');
  await rm(file);
  await expect.poll(present, { timeout: 30_000 }).toEqual([]);
});

test('policies read outcome, exit code and output of scripts', async () => {
  await lab.put('roots.sh', `echo '{"otherRoots":["toor"]}'`, { format: 'json' });
  await lab.put('check.sh', 'echo missing nginx.conf; exit 3');
  lab.start();
  await lab.settle();
  const about = { project: 'default', digests: [debian] };
  const facts = (await readImageFacts(lab.database, about, new Set())).get(debian);
  const scripts = (await readScriptFacts(lab.database, about)).get(debian) ?? [];
  const document = `schema: lazaret-policy/1
name: inside
rules:
  - id: second-root
    condition: scripts.exists(s, s.name == 'roots.sh' && has(s.output) && size(s.output.otherRoots) > 0)
  - id: check
    condition: scripts.exists(s, s.name == 'check.sh' && has(s.exitCode) && s.exitCode == 3 && s.stdout.contains('nginx'))
  - id: not-run
    condition: '!scripts.exists(s, s.name == "roots.sh" && s.outcome == "succeeded")'
`;
  const { policy, faults } = parsePolicy(document);
  expect(faults).toBeUndefined();
  const now = new Date().toISOString();
  const evaluate = (given: { readonly scripts?: typeof scripts }) =>
    evaluatePolicy(policy!, {
      facts: buildFacts(facts!.report, { now, ...given }),
      compareVersions: () => 0,
      exceptions: [],
    }).rules.map(({ id, state }) => `${id} ${state}`);
  expect(evaluate({ scripts })).toEqual(['second-root matched', 'check matched', 'not-run passed']);
  expect(evaluate({})).toEqual(['second-root error', 'check error', 'not-run error']);
});

test('output in another format than declared does not succeed', async () => {
  await lab.put('json', 'echo "not json"', { format: 'json' });
  await lab.put('late', 'echo "{}"; sleep 60', { format: 'json', seconds: 1 });
  lab.start();
  await lab.settle();
  expect(await lab.runOf('json', debian)).toMatchObject({
    outcome: 'invalid_output',
    output: null,
  });
  expect(await lab.runOf('late', debian)).toMatchObject({ outcome: 'time_limit', output: null });
  expect((await lab.runOf('late', debian)).stdout).toBe('{}\n');
});

test('without a container engine scripts wait and say so; paused ones too', async () => {
  await lab.put('any', 'echo any');
  const away = createDockerExecutor({ address: 'unix:///nowhere/docker.sock', now: Date.now });
  const first = lab.start({ executors: new Map([['away', away]]) });
  const problem = async (): Promise<string> =>
    (await readStatus(lab.database, true)).problem ?? 'none';
  await expect.poll(problem, { timeout: 30_000 }).toContain('no container engine; away:');
  await expect.poll(() => lab.outcomes()).toContain('any queued');
  expect((await lab.runOf('any', debian)).waitReason).toContain('no container engine');
  const nothing = () => undefined;
  const slice = scriptsSlice({
    ...{ database: lab.database, onEvents: nothing, wake: nothing, changed: async () => {} },
    settings: scriptsSection.parse({ enabled: true }),
  });
  expect(await slice.health?.missing?.()).toMatchObject([
    { part: 'scripts', detail: expect.stringMatching(/waits?: no container engine/) },
  ]);
  await first.stop();
  await away.close();
  const change = { actor: 'ana', host: 'here' };
  await setPaused(lab.database, { ...change, paused: true });
  const second = lab.start();
  await expect.poll(problem, { timeout: 30_000 }).toBe('none');
  second.wake();
  expect(await lab.outcomes()).toContain('any queued');
  expect((await lab.runOf('any', debian)).waitReason).toBe('runs of scripts are paused');
  await setPaused(lab.database, { ...change, paused: false });
  await lab.settle();
  expect(await lab.outcomes()).toContain('any succeeded');
});

test('what a killed runner left is removed, and its run is repeated', async () => {
  await lab.put('left', 'echo left');
  const executor = createDockerExecutor({ address: dockerAddress, now: Date.now });
  const labels = { 'io.lazaret.instance': lab.instance, 'io.lazaret.role': 'inspected' };
  const { imageId } = await executor.loadImage({
    ...{ tag: `lazaret-inspected:${Date.now()}`, os: 'linux', architecture: 'amd64', labels },
    layers: (async function* () {})(),
  });
  await executor.create({
    ...{ image: imageId, command: ['/x'], environment: {}, user: { uid: 1, gid: 1 } },
    ...{ inputMount: '/in', stopGraceMs: 0, network: 'none', seccomp: 'default' },
    resources: {
      ...{ memoryBytes: 2 ** 24, cpus: 1, pids: 8, diskBytes: 2 ** 20, tmpBytes: 2 ** 20 },
      ...{ openFiles: 16, logBytes: 2 ** 16 },
    },
    labels: { instance: lab.instance, scriptRun: 'gone' },
  });
  await sql`
    insert into script_runs (id, script, revision, sha256, project, digest, state, priority, image,
      requested_by)
    select '0000000000000001', id, revision, sha256, 'default', ${debian}, 'running', 10, 1, 'ana'
    from scripts`.execute(lab.database);
  lab.start();
  await lab.settle();
  expect(await lab.runOf('left', debian)).toMatchObject({
    id: '0000000000000001',
    outcome: 'succeeded',
  });
  expect(await executor.listLoaded(labels)).toEqual([]);
  expect(await executor.list({ 'io.lazaret.instance': lab.instance })).toEqual([]);
  await executor.close();
});

test('an image for another platform, a changed layer and a lost image are said, not run', async () => {
  await lab.put('any', 'echo any');
  const build = (text: string, platform = { os: 'linux', architecture: 'amd64' }) =>
    buildImage({ platform, layers: [{ entries: [{ path: 'f', content: Buffer.from(text) }] }] });
  const arm = await lab.inspect(
    'lab/arm:1',
    await build('arm', { os: 'linux', architecture: 's390x' }),
  );
  const lost = await lab.inspect('lab/lost:1', await build('lost'));
  lab.registry.store.repositories.delete('lab/lost');
  lab.start();
  await lab.settle();
  expect(await lab.runOf('any', arm)).toMatchObject({
    outcome: 'unsupported',
    detail: expect.stringContaining('images for linux/s390x do not run'),
  });
  expect(await lab.runOf('any', lost)).toMatchObject({ outcome: 'not_run', exitCode: null });
  expect((await readScript(lab.database, 'any')).counts).toMatchObject({ queued: 0 });
});
