/** J3: an image, an archive or a directory is inspected without a server and without Docker. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inspectionReport } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { TarInput } from '../../packages/analysis/src/archive/write-tar.ts';
import { buildImage, buildIndex } from '../../packages/analysis/src/testing/image-builder.ts';
import { startFakeRegistry } from '../../packages/oci/src/testing/fake-registry.ts';
import {
  newDockerFiles,
  ociFiles,
  packFiles,
  writeFiles,
} from '../../packages/analysis/src/testing/write-image.ts';
import {
  startOnTerminal,
  startProgram,
  type Finished,
} from '../../packages/cli/src/testing/spawn-program.ts';

const bad = Buffer.from('this stands for malware\n'.repeat(100));
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-inspect-'));
  await writeFile(join(home, 'deny'), `${createHash('sha256').update(bad).digest('hex')}\n`);
});
afterAll(() => rm(home, { recursive: true, force: true }));

function file(path: string, content: string | Buffer): TarInput {
  return { path, content: Buffer.from(content) };
}

const base = [
  file('etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'),
  file(
    'var/lib/dpkg/status',
    'Package: curl\nStatus: install ok installed\nVersion: 8.1-1\nArchitecture: amd64\n\n',
  ),
];

/** An archive of `docker save`, with a malicious file that the second layer deletes. */
async function saveInfected(): Promise<string> {
  const image = await buildImage({
    names: ['registry.lab/shop:1'],
    layers: [
      { entries: [...base, file('tmp/dropper', bad)] },
      { entries: [file('tmp/.wh.dropper', '')] },
    ],
  });
  const path = join(home, 'infected.tar');
  await writeFile(path, await packFiles(newDockerFiles([image])));
  return path;
}

/** A layout of two platforms without malware. */
async function saveClean(): Promise<string> {
  const images = await Promise.all(
    ['amd64', 'arm64'].map((architecture) =>
      buildImage({
        names: ['registry.lab/shop:2'],
        platform: { os: 'linux', architecture },
        layers: [{ entries: [...base, file('opt/a', architecture)], compression: 'zstd' }],
      }),
    ),
  );
  const path = join(home, 'layout');
  await writeFiles(path, ociFiles([buildIndex({ children: images })]));
  return path;
}

function inspect(...words: readonly string[]): Promise<Finished> {
  const variables = { DOCKER_HOST: 'unix:///no/such/socket' };
  return startProgram(['inspect', ...words], { home, variables }).finished;
}

test('malware that a later layer deleted is found, reported in every format, and fails the build', async () => {
  const archive = await saveInfected();
  const deny = ['--deny-list', join(home, 'deny'), '--offline'];
  const outputs = ['json', 'cyclonedx', 'spdx', 'sarif'].flatMap((format) => [
    '--output',
    `${format}=${join(home, format)}`,
  ]);
  const { exitCode, stdout, stderr } = await inspect(archive, ...deny, ...outputs);
  expect(stderr).toBe('');
  expect(exitCode).toBe(11);
  expect(stdout).toContain('MALICIOUS');
  expect(stdout).toMatch(/hash-set: .*0 \(hidden by 1\) +tmp\/dropper/);
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(home, name), 'utf8')) as unknown;
  const report = inspectionReport.parse(await read('json'));
  expect(report.findings).toMatchObject([{ path: 'tmp/dropper', layer: 0, hiddenBy: 1 }]);
  expect(JSON.stringify(await read('cyclonedx'))).toContain('pkg:deb/debian/curl@8.1-1');
  expect(JSON.stringify(await read('spdx'))).toContain('pkg:deb/debian/curl@8.1-1');
  expect(JSON.stringify(await read('sarif'))).toContain('tmp/dropper');

  const again = await inspect(archive, ...deny, '--output', 'json');
  const warm = inspectionReport.parse(JSON.parse(again.stdout));
  expect(warm.fingerprint).toBe(report.fingerprint);
  expect(warm.coverage.layers).toMatchObject({ examined: 0, cached: 2 });
});

test('inspects every platform of a layout and compares two images', async () => {
  const layout = await saveClean();
  const all = await inspect(layout, '--all-platforms', '--scanners', 'none', '--output', 'json');
  const reports = inspectionReport.array().parse(JSON.parse(all.stdout));
  const architectures = reports.map(({ image }) => image?.platform?.architecture);
  expect(architectures.toSorted()).toEqual(['amd64', 'arm64']);
  const one = await inspect(layout, '--platform', 'linux/s390x');
  expect([one.exitCode, one.stdout]).toEqual([7, '']);
  const { stdout, exitCode } = await inspect(
    'diff',
    ...[await saveInfected(), layout, '--platform', 'linux/amd64', '--exit-code'],
  );
  expect(stdout).toMatch(/\+ +opt\/a/);
  expect(exitCode).toBe(10);
});

test('registries receive the credentials stored by docker and podman', async () => {
  const registry = await startFakeRegistry({
    now: Date.now,
    access: { mode: 'basic', users: { marta: 'harbour' } },
  });
  try {
    const { host } = registry;
    const image = await buildImage({ layers: [{ entries: [...base] }] });
    registry.store.putImage('lab/app', '1', image);
    const place = join(home, 'credentials');
    await mkdir(join(place, 'containers'), { recursive: true });
    const helper = join(place, 'docker-credential-lab');
    const answer = JSON.stringify({ ServerURL: host, Username: 'marta', Secret: 'harbour' });
    await writeFile(helper, `#!/bin/sh\ncat > /dev/null\necho '${answer}'\n`);
    await chmod(helper, 0o755);
    const withHelper = { credHelpers: { [host]: 'lab' } };
    await writeFile(join(place, 'config.json'), JSON.stringify(withHelper));
    const auth = Buffer.from('marta:harbour').toString('base64');
    const withAuth = JSON.stringify({ auths: { [host]: { auth } } });
    await writeFile(join(place, 'containers', 'auth.json'), withAuth);
    const words = ['inspect', `${host}/lab/app:1`, '--plain-http', host, '--no-cache', '--quiet'];
    const exitCodeWith = async (variables: Record<string, string>): Promise<number | null> =>
      (await startProgram(words, { home, variables }).finished).exitCode;
    const PATH = `${place}:${process.env['PATH'] ?? ''}`;
    expect(await exitCodeWith({})).toBe(6);
    expect(await exitCodeWith({ PATH, DOCKER_CONFIG: place })).toBe(0);
    expect(await exitCodeWith({ XDG_RUNTIME_DIR: place })).toBe(0);
  } finally {
    await registry.close();
  }
});

test('a directory, on a terminal', async () => {
  const directory = join(home, 'tree');
  await mkdir(directory);
  await writeFile(join(directory, 'x'), bad);
  const words = ['inspect', `dir:${directory}`, '--deny-list', join(home, 'deny'), '--no-cache'];
  const { exitCode, stdout } = await startOnTerminal(words, { home }).finished;
  expect(stdout).toContain('\u001B[31mMALICIOUS');
  expect(exitCode).toBe(11);
});

test('unavailable images are reported with the next step and never look clean', async () => {
  const lost = await inspect('./lost.tar');
  expect([lost.exitCode, lost.stdout]).toEqual([7, '']);
  await writeFile(join(home, 'text'), 'not an archive');
  const text = await inspect(join(home, 'text'));
  expect([text.exitCode, text.stdout]).toEqual([13, '']);
  const registry = await inspect('127.0.0.1:9/app:1', '--plain-http', '127.0.0.1:9');
  expect([registry.exitCode, registry.stdout]).toEqual([8, '']);
  expect(registry.stderr).toContain('hint:');
});
