// Not in the quick check: whole images are inspected in threads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inspectionReport } from '@lazaret/protocol';
import type { InspectionReport } from '@lazaret/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { TarInput } from '../archive/write-tar.ts';
import { buildImage, digestOf } from '../testing/image-builder.ts';
import type { BuiltImage, ImageInput } from '../testing/image-builder.ts';
import { memorySource } from '../testing/memory-source.ts';
import { inspect } from './inspect.ts';
import type { InspectOptions } from './inspect.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-inspect-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function reportOf(
  image: BuiltImage | ImageInput,
  options: Partial<InspectOptions> = {},
): Promise<InspectionReport> {
  const built = 'kind' in image ? image : await buildImage(image);
  const common = { toolVersion: '1', now: () => 0, parallel: 0, scanners: { secrets: true } };
  const [report] = await inspect(memorySource(built), { ...common, ...options });
  if (report === undefined) throw new Error('an image without its report');
  return inspectionReport.parse(report);
}

const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(8)}\n-----END RSA PRIVATE KEY-----\n`;

function file(path: string, text = ''): TarInput {
  return { path, content: Buffer.from(text) };
}

const release = file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n');
const status = (name: string, version = '1.0'): TarInput =>
  file(
    'var/lib/dpkg/status',
    `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\n\n`,
  );

test('an unhealthy scanner is reported once, with the number of affected files', async () => {
  const rules = join(directory, 'broken.yar');
  await writeFile(rules, 'rule A { condition: true }\nrule B { condition: $b }');
  const names = ['a', 'b', 'c'].map((name) => file(name, name));
  const scanners = { yaraRules: [rules] };
  const { coverage, verdict } = await reportOf(
    { layers: [{ entries: names }, { entries: [file('d', 'd')] }] },
    { scanners },
  );
  expect(coverage.gaps).toMatchObject([{ by: 'yara', reason: 'unhealthy' }]);
  // The configuration counts as one.
  expect(coverage.gaps[0]?.detail).toMatch(/^broken\.yar:2: .* \(5 files\)$/);
  expect(coverage).toMatchObject({ complete: false, gapCount: 1, scanners: [{ failed: 5 }] });
  expect(verdict).toEqual({ state: 'incomplete', reasons: ['yara: unhealthy'] });
});

describe('both views', () => {
  test('malware in a hidden file is found in its layer', async () => {
    const report = await reportOf({
      layers: [{ entries: [file('root/id_rsa', key)] }, { entries: [file('root/.wh.id_rsa')] }],
    });
    expect(report.findings).toMatchObject([{ path: 'root/id_rsa', layer: 0, hiddenBy: 1 }]);
  });

  test('a package removed by a later layer is reported as hidden, the others once', async () => {
    const report = await reportOf({
      layers: [{ entries: [release, status('old')] }, { entries: [status('new')] }],
    });
    expect(report.packages.map(({ name, layer, hiddenBy }) => [name, layer, hiddenBy])).toEqual([
      ['new', 1, undefined],
      ['old', 0, 1],
    ]);
    expect(report.packages[0]?.purl).toBe('pkg:deb/debian/new@1.0?arch=amd64&distro=debian-12');
  });

  test('a rewritten package database keeps its packages in their first layer', async () => {
    const report = await reportOf({
      layers: [{ entries: [status('one')] }, { entries: [status('one')] }],
    });
    expect(report.packages).toMatchObject([{ name: 'one', layer: 0 }]);
    expect(report.packages[0]).not.toHaveProperty('hiddenBy');
  });

  test('hard links have the content of their target, also from a later layer', async () => {
    const report = await reportOf({
      layers: [
        { entries: [file('k', key)] },
        { entries: [{ path: 'l', type: 'hardlink', linkPath: 'k' }, file('.wh.k')] },
      ],
    });
    expect(report.findings.map(({ path, layer, hiddenBy }) => [path, layer, hiddenBy])).toEqual([
      ['k', 0, 1],
    ]);
    expect(report.coverage.gaps).toMatchObject([{ reason: 'damaged', layer: 1 }]);
  });
});

describe('coverage and verdict', () => {
  test('clean when everything was examined and a malware scanner ran', async () => {
    const rules = join(directory, 'test.yar');
    await writeFile(rules, 'rule marker { strings: $a = "BAD MARKER" condition: $a }');
    const scanners = { yaraRules: [rules] };
    const report = await reportOf({ layers: [{ entries: [release] }] }, { scanners });
    expect(report.verdict).toEqual({ state: 'clean', reasons: [] });
    expect(report.coverage).toMatchObject({ complete: true, gapCount: 0 });
  });

  test('not clean without a malware scanner', async () => {
    const { verdict, coverage } = await reportOf({ layers: [{ entries: [release] }] });
    expect(verdict).toEqual({ state: 'unscanned', reasons: ['no malware scanner ran'] });
    expect(coverage.complete).toBe(true);
  });

  test('incomplete when a layer is damaged, with the part that was read', async () => {
    const whole = await buildImage({ layers: [{ compression: 'none', entries: [release] }] });
    const tar = whole.layers[0]?.tar.subarray(0, 700) ?? Buffer.alloc(0);
    const claims = { diffId: digestOf(tar) };
    const report = await reportOf({ layers: [{ stored: tar, claims }] });
    expect(report.verdict.state).toBe('incomplete');
    expect(report.layers).toMatchObject([{ state: 'partial' }]);
  });

  test('incomplete on a digest mismatch; other layers are examined', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const report = await reportOf({
      layers: [{ entries: [release], claims: { digest } }, { entries: [status('one')] }],
    });
    expect(report.verdict.state).toBe('incomplete');
    expect(report.layers.map(({ state }) => state)).toEqual(['missing', 'examined']);
    expect(report.packages).toHaveLength(1);
  });

  test('a scanner error is neither clean nor malware', async () => {
    const scanners = { clamd: join(directory, 'no.sock') };
    const report = await reportOf({ layers: [{ entries: [release] }] }, { scanners });
    expect(report.verdict.state).toBe('incomplete');
    expect(report.findings).toEqual([]);
    expect(report.coverage.scanners).toMatchObject([{ scanner: 'clamav', healthy: false }]);
  });

  test('a forged diffID is reported', async () => {
    const diffId = `sha256:${'b'.repeat(64)}`;
    const report = await reportOf({ layers: [{ entries: [release], claims: { diffId } }] });
    expect(report.findings).toMatchObject([{ rule: 'forged-diff-id', layer: 0 }]);
    expect(report.verdict.state).toBe('suspicious');
  });
});

describe('the cache', () => {
  const cached = (): Partial<InspectOptions> => ({ cache: { directory, maxBytes: 1e9 } });

  test('returns a cached layer without reading it', async () => {
    const image = await buildImage({ layers: [{ entries: [release, file('k', key)] }] });
    const cold = await reportOf(image, cached());
    const warm = await reportOf(image, cached());
    expect(warm.layers[0]?.state).toBe('cached');
    expect(warm.fingerprint).toBe(cold.fingerprint);
    expect({ ...warm, layers: [], coverage: {} }).toEqual({ ...cold, layers: [], coverage: {} });
  });

  test('cannot be poisoned by a forged diffID', async () => {
    const known = await buildImage({ layers: [{ entries: [release] }] });
    await reportOf(known, cached());
    const diffId = known.layers[0]?.diffId ?? '';
    const forged: ImageInput = { layers: [{ entries: [file('k', key)], claims: { diffId } }] };
    const report = await reportOf(forged, cached());
    expect(report.findings.map(({ path }) => path)).toContain('k');
    expect((await reportOf(known, cached())).findings).toEqual([]);
  });

  test('no state of one image leaks into the next inspection', async () => {
    const bad = { layers: [{ entries: [file('k', key)] }] };
    expect((await reportOf(bad, cached())).findings).toHaveLength(1);
    const good = await reportOf({ layers: [{ entries: [release] }] }, cached());
    expect(good.findings).toEqual([]);
    expect(good.verdict.state).toBe('unscanned');
  });

  test('does not store what was not fully examined', async () => {
    const image = await buildImage({ layers: [{ entries: [release] }] });
    const scanners = { clamd: join(directory, 'no.sock') };
    await reportOf(image, { ...cached(), scanners });
    const again = await reportOf(image, { ...cached(), scanners });
    expect(again.layers[0]?.state).toBe('examined');
  });

  test('an additional scanner costs one more walk; the rest comes from the cache', async () => {
    const image = await buildImage({ layers: [{ entries: [file('k', key)] }] });
    await reportOf(image, { ...cached(), scanners: {} });
    const report = await reportOf(image, cached());
    expect(report.findings).toHaveLength(1);
    expect((await reportOf(image, cached())).layers[0]?.state).toBe('cached');
  });
});

test('warm equals cold, whatever was inspected before, in any order', async () => {
  const path = fc.constantFrom('a', 'b', 'd/a', 'd/b', '.wh.a', 'd/.wh.b', 'd/.wh..wh..opq');
  const text = fc.constantFrom('', 'plain', key, `password=${'x7Gq9'.repeat(4)}`);
  const entry = fc.oneof(
    fc.tuple(path, text).map(([at, content]) => file(at, content)),
    fc.constantFrom('one', 'two').map((name) => status(name)),
    fc.constant(release),
  );
  const layer = fc.array(entry, { minLength: 1, maxLength: 4 });
  // Few distinct layers, so that images share them.
  const images = fc.array(layer, { minLength: 1, maxLength: 4 }).chain((pool) =>
    fc.array(fc.array(fc.constantFrom(...pool), { minLength: 1, maxLength: 3 }), {
      minLength: 2,
      maxLength: 4,
    }),
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(images, async (list) => {
      runs += 1;
      const cache = { directory: join(directory, String(runs)), maxBytes: 1e9 };
      for (const layers of list) {
        const image = await buildImage({ layers: layers.map((entries) => ({ entries })) });
        const cold = await reportOf(image);
        const warm = await reportOf(image, { cache });
        const again = await reportOf(image, { cache });
        expect([warm.fingerprint, again.fingerprint]).toEqual([cold.fingerprint, cold.fingerprint]);
      }
    }),
    { numRuns: 25 },
  );
});
