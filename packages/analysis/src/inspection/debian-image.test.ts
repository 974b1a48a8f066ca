/** The whole inspection against dpkg: a root of Debian as an OCI layout in four layers. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { InspectionReport } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { debianRoot, linesFrom } from '../inventory/testing/support/debian-root.ts';
import { eicarTestFile } from '../scan/clamav/self-test.ts';
import { startClamd } from '../testing/clamd.ts';
import { buildImage } from '../testing/image-builder.ts';
import type { LayerInput } from '../testing/image-builder.ts';
import { ociFiles, writeFiles } from '../testing/write-image.ts';
import { inspectImage } from './inspect-image.ts';

const run = promisify(execFile);
const madeAtMs = Date.UTC(2026, 9, 1);
const compressions = ['none', 'gzip', 'zstd', 'gzip-members'] as const;

let root = '';
let directory = '';
let report: InspectionReport;

beforeAll(async () => {
  root = await debianRoot('bookworm');
  directory = await mkdtemp(join(tmpdir(), 'lazaret-debian-image-'));
  const parts = await cut(compressions.length);
  const layers: LayerInput[] = [];
  for (const [at, compression] of compressions.entries()) {
    layers.push({ tar: await packTar(parts[at] ?? []), compression });
  }
  await writeFiles(directory, ociFiles([await buildImage({ layers })]));
  const signatures = { 'Test.Eicar': eicarTestFile() };
  const clamd = await startClamd({ database: { number: 1, atMs: madeAtMs, signatures } });
  try {
    report = await inspectWith(clamd.socketPath);
  } finally {
    await clamd.stop();
  }
}, 600_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

test('the packages are exactly those that dpkg lists', async () => {
  const words = [`--admindir=${root}/var/lib/dpkg`, '-W', '-f'];
  const listed = await linesFrom('dpkg-query', [
    ...words,
    '${Package} ${Version} ${Architecture}\n',
  ]);
  const found = report.packages.map(({ name, version, architecture, hiddenBy }) => {
    expect(hiddenBy).toBe(undefined);
    return `${name} ${version} ${architecture}`;
  });
  expect(listed.length).toBeGreaterThan(80);
  expect(found.toSorted()).toEqual(listed.toSorted());
  expect(report.distribution).toMatchObject({ id: 'debian', versionId: '12' });
});

test('files without a package were created during installation', () => {
  expect(report.unowned?.count).toBeLessThan(80);
  const strange = report.unowned?.paths.filter((path) => !madeLater.test(path));
  expect(strange).toEqual([]);
});

/** Written by scripts of packages, by apt, or by the making of the root. */
const madeLater =
  /^(?:etc|root|var\/(?:cache|lib\/(?:apt|pam|systemd)|log))\/|^var\/lib\/shells\.state$|^usr\/share\/info\/dir$/;

test('a clean root is clean: no malware, no relevant secret, no gaps', () => {
  const loud = report.findings.filter(({ severity }) => severity !== 'info');
  expect(loud).toEqual([]);
  expect(report.coverage).toMatchObject({ complete: true, gapCount: 0 });
  expect(report.verdict).toEqual({ state: 'clean', reasons: [] });
});

async function inspectWith(address: string): Promise<InspectionReport> {
  const none = { plainHttp: [], skipVerify: [], caFiles: [], foreign: [] };
  const [only] = await inspectImage(
    {
      ...{ reference: `oci:${directory}`, platform: 'default', offline: true, files: false },
      scanners: { secrets: true, clamd: address },
      registry: { ...none, mirrors: {}, proxy: undefined },
    },
    { toolVersion: '1', now: () => madeAtMs + 86_400_000 },
  );
  if (only === undefined) throw new Error('an image without its report');
  return only;
}

/** The root's paths in order, in as many parts; but for what a container would mount over. */
async function cut(count: number): Promise<string[][]> {
  const { stdout } = await run('find', [root, '-mindepth', '1', '-printf', '%P\\0'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = stdout.split('\0').filter((path) => path !== '' && !/^(?:dev|proc)\//.test(path));
  const ordered = paths.toSorted();
  const share = Math.ceil(ordered.length / count);
  return Array.from({ length: count }, (_, at) => ordered.slice(at * share, (at + 1) * share));
}

async function packTar(paths: readonly string[]): Promise<Buffer> {
  const list = join(directory, 'list');
  await writeFile(list, paths.map((path) => `${path}\0`).join(''));
  const words = ['--numeric-owner', '--no-recursion', '-cf', '-', '-C', root, '--null', '-T', list];
  const { stdout } = await run('tar', words, {
    encoding: 'buffer',
    maxBuffer: 2 * 1024 * 1024 * 1024,
  });
  return stdout;
}
