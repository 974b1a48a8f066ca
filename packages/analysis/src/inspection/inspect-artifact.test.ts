// Not in the quick check: archives are inspected in threads.
/** Complete inspections of artifacts: their blobs are one tree. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { inspectionReport } from '@lazaret/protocol';
import type { InspectionReport } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { openImageArchive } from '../source/image-archive.ts';
import { buildArtifact } from '../testing/build-artifact.ts';
import { buildImage, buildTar } from '../testing/image-builder.ts';
import type { BuiltImage } from '../testing/image-builder.ts';
import { ociFiles, packFiles } from '../testing/write-image.ts';
import { inspect } from './inspect.ts';
import type { InspectOptions } from './inspect.ts';

let directory = '';
beforeEach(async () => {
  directory = join(tmpdir(), `lazaret-artifact-${randomUUID()}`);
  await mkdir(directory);
});
afterEach(() => rm(directory, { recursive: true }));

async function reportOf(
  built: BuiltImage,
  options: Partial<InspectOptions> = {},
): Promise<InspectionReport> {
  const path = join(directory, `${built.descriptor.digest}.tar`);
  await writeFile(path, await packFiles(ociFiles([built])));
  const defaultPlatform = { os: 'linux', architecture: 'amd64' };
  const source = await openImageArchive(path, { defaultPlatform });
  try {
    const common = { toolVersion: '1', now: Date.now, files: true, scanners: { secrets: true } };
    const [report] = await inspect(source, { ...common, parallel: 0, ...options });
    return inspectionReport.parse(report);
  } finally {
    await source.close();
  }
}

const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(8)}\n-----END RSA PRIVATE KEY-----\n`;
const keyTar = (): Promise<Buffer> => buildTar([{ path: 'id_rsa', content: Buffer.from(key) }]);
/** Without nested ones. */
const rows = ({ files = [] }: InspectionReport): InspectionReport['files'] & {} =>
  files.filter(({ path }) => !path.includes('!'));
const paths = (report: InspectionReport): string[] => rows(report).map(({ path }) => path);

const status = Buffer.from(
  'Package: app\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n',
);

test('a chart is unpacked for scanners, and its files have digests and kinds', async () => {
  const chart = gzipSync(await keyTar());
  const config = { bytes: Buffer.from('{"name":"app"}'), mediaType: 'application/vnd.cncf.helm.x' };
  const built = await buildArtifact({ blobs: [{ title: 'app.tgz', bytes: chart }], config });
  const report = await reportOf(built);
  expect(report.image).toMatchObject({ artifactType: config.mediaType });
  expect(report.image).not.toHaveProperty('config');
  expect(rows(report)).toMatchObject([
    { path: 'app.tgz', layer: 0, sha256: createHash('sha256').update(chart).digest('hex') },
    { path: built.configDigest, layer: 1 },
  ]);
  expect(report.findings).toContainEqual(
    expect.objectContaining({ class: 'secret', layer: 0, path: 'app.tgz!/app.tar!/id_rsa' }),
  );
  expect(report.layers).toMatchObject([
    { digest: built.layers[0]?.digest, sizeBytes: chart.length, state: 'examined', files: 1 },
    { digest: built.configDigest, state: 'examined' },
  ]);
  expect(report.coverage.complete).toBe(true);
});

test('readers get blobs by their names; there are no whiteouts and no hidden files', async () => {
  const blobs = [
    { title: 'var/lib/dpkg/status', bytes: status },
    { title: 'var/lib/dpkg/.wh.status', bytes: Buffer.from(key) },
    { title: 'var/lib/dpkg/status', bytes: Buffer.from('x') },
  ];
  const report = await reportOf(await buildArtifact({ blobs }));
  expect(report.packages).toMatchObject([{ name: 'app', layer: 0 }]);
  expect(report.packages[0]).not.toHaveProperty('hiddenBy');
  expect(paths(report)).toEqual([
    ...['2/var/lib/dpkg/status', 'var/lib/dpkg/.wh.status', 'var/lib/dpkg/status'],
  ]);
  expect(report.findings).toMatchObject([{ class: 'secret', path: 'var/lib/dpkg/.wh.status' }]);
});

test('a name that points outside is a finding', async () => {
  const blobs = [{ title: '../../etc/cron.d/x', bytes: Buffer.from('x') }];
  const report = await reportOf(await buildArtifact({ blobs }));
  expect(paths(report)).toEqual(['etc/cron.d/x']);
  expect(report.findings).toMatchObject([{ rule: 'path-escape', class: 'structure' }]);
});

test('a blob with a digest mismatch is not examined and reported', async () => {
  const blobs = [
    { title: 'good', bytes: Buffer.from('good') },
    { title: 'bad', bytes: Buffer.from(key) },
  ];
  const built = await buildArtifact({ blobs });
  const forged = new Map(built.blobs).set(built.layers[1]!.digest, Buffer.from(key.toLowerCase()));
  const report = await reportOf({ ...built, blobs: forged });
  expect(paths(report)).toEqual(['good']);
  expect(report.layers.map(({ state }) => state)).toEqual(['examined', 'missing']);
  expect(report.coverage.gaps).toMatchObject([{ by: 'layer', reason: 'damaged', layer: 1 }]);
  expect(report.verdict.state).toBe('incomplete');
});

test('the cache separates the same bytes as a blob, as a layer and under another name', async () => {
  const cache = { directory: join(directory, 'cache'), maxBytes: 1e9 };
  const tar = await keyTar();
  const image = await buildImage({ layers: [{ tar, compression: 'none' }] });
  const blob = await buildArtifact({ blobs: [{ title: 'a.tar', bytes: tar }] });
  const other = await buildArtifact({ blobs: [{ title: 'b.tar', bytes: tar }] });
  const twice = await buildArtifact({
    blobs: ['a.tar', 'b.tar'].map((title) => ({ title, bytes: tar })),
  });
  const all = [image, blob, other, twice];
  const cold: InspectionReport[] = [];
  for (const each of all) cold.push(await reportOf(each));
  expect(cold.map(paths)).toEqual([['id_rsa'], ['a.tar'], ['b.tar'], ['a.tar', 'b.tar']]);
  for (const order of [all, all.toReversed()]) {
    const place = { ...cache, directory: join(directory, randomUUID()) };
    for (const state of ['examined', 'cached']) {
      for (const each of order) {
        const report = await reportOf(each, { cache: place });
        expect(report.fingerprint).toBe(cold[all.indexOf(each)]?.fingerprint);
        // In the other order the last one has the blobs of two others.
        if (order === all && each !== twice) expect(report.layers[0]?.state).toBe(state);
      }
    }
  }
});

test('worker threads return the same result', async () => {
  const blobs = ['a', 'b', 'c'].map((title) => ({ title, bytes: Buffer.from(`${title}\n${key}`) }));
  const built = await buildArtifact({ blobs });
  const here = await reportOf(built);
  const there = await reportOf(built, { parallel: 2 });
  expect(there.fingerprint).toBe(here.fingerprint);
  expect(there.findings).toHaveLength(3);
});
