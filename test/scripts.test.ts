/** Collector scripts with the whole server: the command line, decisions, and kill -9 in a run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { anyAnswer, createDockerClient } from '@lazaret/docker';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { runInside, type RunResult } from '../packages/cli/src/testing/run-program.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { buildApp, startWithRegistry, type RegistryInstance } from './support/registry-instance.ts';

let lab: RegistryInstance;
let instance: Instance;
let home = '';
let reference = '';
let options: readonly string[] = [];

beforeAll(async () => {
  const scripts = JSON.stringify({ enabled: true, defaults: false });
  lab = await startWithRegistry({ arguments: ['--scripts', scripts] });
  ({ instance } = lab);
  const inspection = { registries: { plainHttp: [lab.registry.host] }, parallel: 0 };
  options = ['--scripts', scripts, '--inspection', JSON.stringify(inspection)];
  home = await mkdtemp(join(tmpdir(), 'lazaret-cli-scripts-'));
  lab.registry.store.putImage('lab/app', '1', await buildApp('for scripts'));
  reference = `${lab.registry.host}/lab/app:1`;
  const inspected = await run('images', 'inspect', reference, '--wait');
  expect(inspected.exitCode).toBe(0);
}, 120_000);
afterAll(async () => {
  await instance.close();
  await lab.close();
  await rm(home, { recursive: true, force: true });
});

function run(...argv: string[]): Promise<RunResult> {
  const { url, adminToken } = instance;
  const variables = { LAZARET_SERVER: url, LAZARET_TOKEN: adminToken };
  return runInside(argv, { home, variables });
}

async function script(name: string, text: string): Promise<string> {
  const path = join(home, name);
  await writeFile(path, text);
  return path;
}

test('a script is added, run in an image, and its result and disagreements are shown', async () => {
  const listing = { complete: ['deb'], packages: [{ type: 'deb', name: 'bash', version: '4' }] };
  const text = `printf '%s' '${JSON.stringify(listing)}'; printf '\\033[31m' >&2`;
  const file = await script('Packages.sh', text);
  const added = await run('scripts', 'add', '--format', 'json', '--time-limit', '30s', file);
  expect([added.exitCode, added.stdout]).toEqual([0, 'packages.sh\n']);
  const ran = await run('scripts', 'run', reference);
  expect(ran.stdout).toContain('"complete":["deb"]');
  expect(ran.stderr).toContain('packages.sh: succeeded');
  expect(ran.stderr).not.toContain('\u001B');
  expect(ran.exitCode).toBe(0);
  const listed = await run('scripts', 'results', reference, '-o', 'json');
  const [result] = JSON.parse(listed.stdout) as { id: string; outcome: string; findings: number }[];
  expect(result).toMatchObject({ outcome: 'succeeded', findings: 2, current: 'current' });
  const found = await run('scripts', 'disagreements', reference);
  expect(found.stdout).toMatch(/missing_static +deb +bash/);
  const shown = await run('scripts', 'result', result?.id ?? '', '-o', 'json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ exitCode: 0, output: listing });
  const digest = (JSON.parse(listed.stdout) as { digest: string }[])[0]?.digest ?? '';
  const report = await run('images', 'report', digest, '-o', 'collector');
  expect(JSON.parse(report.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    ...{ Image: expect.stringMatching(/^sha256:/), Script: 'packages.sh' },
    MiscData: JSON.stringify(listing),
  });
  expect((await run('scripts', 'status')).stdout).toMatch(/^Problem: +-$/m);
  const settings = await run('scripts', 'show', 'packages.sh', '-o', 'json');
  expect(JSON.parse(settings.stdout)).toMatchObject({ settings: { seconds: 30 } });
});

test('bad input is refused with what was expected', async () => {
  const binary = await script('tool', '#!/bin/sh\n');
  const refused = await run('scripts', 'add', binary);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('expected a program for Linux (ELF, 64 bit)');
  const unknown = await run('scripts', 'run', reference, '--script', 'no-such.sh');
  expect(unknown.stderr).toContain('there is no script no-such.sh');
  const limit = await run('scripts', 'add', '--time-limit', 'soon', binary);
  expect(limit.stderr).toContain('--time-limit: invalid value "soon"');
});

test('a run that kill -9 interrupts is repeated, and nothing of it is left', async () => {
  const file = await script('slow.sh', 'echo begun; sleep 3; echo done');
  await run('scripts', 'add', file);
  const running = async (): Promise<string> => {
    const { stdout } = await run(
      'scripts',
      'results',
      reference,
      '--state',
      'running',
      '-o',
      'json',
    );
    const [found] = JSON.parse(stdout) as { id: string }[];
    return found?.id ?? '';
  };
  await expect.poll(running, { timeout: 30_000 }).not.toBe('');
  const id = await running();
  await instance.kill();
  const { dataDirectory } = instance;
  instance = await startInstance({ dataDirectory, arguments: options });
  const ended = await run('scripts', 'run', reference, '--script', 'slow.sh');
  expect([ended.exitCode, ended.stdout]).toEqual([0, 'begun\ndone\n']);
  const api = createDockerClient({ address: 'unix:///var/run/docker.sock' });
  const query = { all: true, filters: JSON.stringify({ label: [`io.lazaret.script-run=${id}`] }) };
  const left = await api.call({ method: 'GET', path: '/containers/json', query }, anyAnswer);
  expect(left).toEqual([]);
  await api.close();
}, 120_000);
