/** The commands on images against a real server and registry. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  runInside,
  type RunOptions,
  type RunResult,
} from '../packages/cli/src/testing/run-program.ts';
import { buildApp, startWithRegistry, type RegistryInstance } from './support/registry-instance.ts';

let lab: RegistryInstance;
let home: string;
let reference: string;
let digest: string;

beforeAll(async () => {
  lab = await startWithRegistry();
  home = await mkdtemp(join(tmpdir(), 'lazaret-cli-images-'));
  const built = await buildApp('for the command line');
  lab.registry.store.putImage('lab/cli', '1', built);
  reference = `${lab.registry.host}/lab/cli:1`;
  digest = built.descriptor.digest;
});
afterAll(async () => {
  await lab.close();
  await rm(home, { recursive: true, force: true });
});

function run(...argv: string[]): Promise<RunResult> {
  return runWith({}, argv);
}

function runWith(options: Partial<RunOptions>, argv: readonly string[]): Promise<RunResult> {
  const { url, adminToken } = lab.instance;
  const variables = { LAZARET_SERVER: url, LAZARET_TOKEN: adminToken };
  return runInside(argv, { home, variables, ...options });
}

test('waiting on a terminal shows each phase and the end', async () => {
  // Incompressible, so that the layer takes some seconds.
  const built = await buildApp(randomBytes(300).toString('hex'));
  lab.registry.store.putImage('lab/slow', '1', built);
  lab.registry.faults.on('slow-body', 1, built.layers[1]?.descriptor.digest);
  const argv = ['images', 'inspect', `${lab.registry.host}/lab/slow:1`, '--wait'];
  const { exitCode, stdout, stderr } = await runWith({ terminal: ['stderr'] }, argv);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(built.descriptor.digest)]);
  const id = /^[0-9a-z]{16}/.exec(stdout)?.[0];
  expect(stderr).toContain(`${id}  reading 2 layers\n`);
  expect(stderr).toContain(`${id}  finished: 1 unscanned`);
  expect(stderr.split('reading 2 layers')).toHaveLength(2);
});

test('images are inspected, listed, shown, compared and searched', async () => {
  const inspected = await run('images', 'inspect', reference, '--wait');
  expect([inspected.exitCode, inspected.stdout]).toEqual([0, expect.stringContaining(digest)]);
  const words: [string[], string][] = [
    [['images', 'list'], 'unscanned'],
    [['images', 'show', digest], 'trixie'],
    [['images', 'show', digest], `lazaret images files ${digest.slice('sha256:'.length, 19)}\n`],
    [['images', 'packages', digest], 'bash'],
    [['images', 'files', digest, '--parent', 'app'], 'app/own'],
    [['images', 'findings', digest], ''],
    [['images', 'compare', digest, digest], 'No differences.'],
    [['inspections', 'list'], reference],
    [['search', '--path', 'usr/bin/'], 'usr/bin/bash'],
    [['search', '--package', 'bash', '--output', 'json'], 'pkg:deb/debian/bash'],
  ];
  for (const [argv, expected] of words) {
    const { exitCode, stdout, stderr } = await run(...argv);
    expect([argv, exitCode, stderr]).toEqual([argv, 0, expect.any(String)]);
    expect([argv, stdout]).toEqual([argv, expect.stringContaining(expected)]);
  }
});

test('an image is addressed by the short digest of the list, in any case', async () => {
  await run('images', 'inspect', reference, '--wait');
  const { stdout } = await run('images');
  const shown = digest.slice('sha256:'.length, 'sha256:'.length + 12);
  expect(stdout).toContain(shown);
  for (const start of [shown, shown.slice(0, 6), `sha256:${shown.toUpperCase()}`]) {
    const { exitCode, stdout: page } = await run('images', 'show', start);
    expect([exitCode, page]).toEqual([0, expect.stringContaining(digest)]);
  }
  const compared = await run('images', 'compare', shown, digest);
  expect(compared.stdout).toContain('No differences.');
  expect((await run('images', 'report', shown)).exitCode).toBe(0);
  // Too short for a digest, it is looked up as a name.
  expect((await run('images', 'show', shown.slice(0, 5))).exitCode).toBe(7);
  expect((await run('images', 'show', 'abcdef')).exitCode).toBe(7);
  const sha256 = createHash('sha256').update('for the command line').digest('hex');
  for (const asked of [sha256, `sha256:${sha256.toUpperCase()}`]) {
    const found = await run('search', '--sha256', asked);
    expect([found.exitCode, found.stdout]).toEqual([0, expect.stringContaining('lab/cli:1')]);
    expect(found.stdout).toContain(sha256.slice(0, 12));
  }
});

test('a refusal names the setting that would allow the request', async () => {
  const settings = [
    ['10.0.0.1:5000/app', 'inspection.registries.private'],
    ['docker:app', 'inspection.dockerDaemon'],
    ['oci:/srv/layout', 'inspection.allowLocal'],
    ['dir:/etc', 'only images are kept'],
  ];
  for (const [asked = '', setting = ''] of settings) {
    const { exitCode, stderr } = await run('images', 'inspect', asked);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(setting)]);
  }
  // A path is a file of the client, which is uploaded.
  const missing = await run('images', 'inspect', '/srv/no-such.tar');
  expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining('no such file')]);
});

test('a report goes to standard output or to a file', async () => {
  await run('images', 'inspect', reference, '--wait');
  const shown = await run('images', 'report', digest);
  expect(JSON.parse(shown.stdout)).toMatchObject({ schema: 'lazaret-inspection/2' });
  const path = join(home, 'app.cdx.json');
  const written = await run('images', 'report', digest, '-o', 'cyclonedx', '-O', path);
  expect(written.exitCode).toBe(0);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ bomFormat: 'CycloneDX' });
});

test('failures explain themselves and set the exit code', async () => {
  const missing = await run('images', 'inspect', `${lab.registry.host}/lab/never:1`, '--wait');
  expect([missing.exitCode, missing.stderr]).toEqual([3, expect.stringContaining('not_found')]);
  const local = await run('images', 'inspect', 'dir:/etc');
  expect(local.exitCode).toBe(1);
  const wrong = await run('images', 'inspect', reference, '--platform', 'x');
  expect(wrong.exitCode).toBe(2);
});
