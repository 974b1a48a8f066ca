import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { ReadError } from '../../inventory/reader.ts';
import type { Reader } from '../../inventory/reader.ts';
import { buildImage } from '../../testing/image-builder.ts';
import type { BuiltLayer, LayerInput } from '../../testing/image-builder.ts';
import { literalScanner } from '../../testing/literal-scanner.ts';
import type { LiteralOptions, LiteralScanner } from '../../testing/literal-scanner.ts';
import { LayerError, examineLayer } from './examine-layer.ts';
import type { LayerClaims } from './examine-layer.ts';
import type { ExaminePlan } from '../walk/examine-tree.ts';
import type { LayerRecord } from '../walk/tree-record.ts';
import type { VerdictStore } from '../../cache/verdict-store.ts';

const basePlan: ExaminePlan = { readers: [], scanners: [], digests: 'all', isLayer: true };

async function layerOf(input: LayerInput): Promise<BuiltLayer> {
  const { layers } = await buildImage({ layers: [input] });
  const [layer] = layers;
  if (layer === undefined) throw new Error('an image without its layer');
  return layer;
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function examine(
  layer: BuiltLayer,
  plan: Partial<ExaminePlan> = {},
  claims: LayerClaims = {},
): Promise<LayerRecord> {
  return examineLayer(cut(layer.stored, 100), claims, { ...basePlan, ...plan });
}

async function planned(options: LiteralOptions): Promise<{
  scanner: LiteralScanner;
  plan: Pick<ExaminePlan, 'scanners'>;
}> {
  const scanner = literalScanner(options);
  return { scanner, plan: { scanners: [{ scanner, description: await scanner.describe() }] } };
}

function memoryVerdicts(): VerdictStore {
  const kept = new Map<string, Parameters<VerdictStore['put']>[1]>();
  return {
    get: (key) => kept.get(JSON.stringify(key)),
    put: (key, answer) => void kept.set(JSON.stringify(key), answer),
  };
}

describe('digests', () => {
  test.each(['none', 'gzip', 'zstd', 'gzip-members', 'zstd-frames'] as const)(
    'of a layer stored as %s are those of its bytes',
    async (compression) => {
      const content = Buffer.from('x'.repeat(5_000));
      const layer = await layerOf({ compression, entries: [{ path: 'a', content }] });
      const record = await examine(layer, {}, { digest: layer.digest });
      expect(record).toMatchObject({
        digest: layer.digest,
        diffId: layer.diffId,
        tarBytes: layer.tar.length,
        storedBytes: layer.stored.length,
        gaps: [],
      });
      expect(record.files[0]).toMatchObject({
        sha256: createHash('sha256').update(content).digest('hex'),
        sha1: createHash('sha1').update(content).digest('hex'),
        md5: createHash('md5').update(content).digest('hex'),
      });
    },
  );

  test('that do not match the claims refuse the layer', async () => {
    const layer = await layerOf({ entries: [{ path: 'a' }] });
    const digest = `sha256:${'0'.repeat(64)}`;
    await expect(examine(layer, {}, { digest })).rejects.toMatchObject({ code: 'digest_mismatch' });
  });

  test.each([-1, 1])('a size that is off by %i refuses the layer', async (by) => {
    const layer = await layerOf({ entries: [{ path: 'a' }] });
    const claims = { sizeBytes: layer.stored.length + by };
    const error: unknown = await examine(layer, {}, claims).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(LayerError);
    expect(error).toMatchObject({ code: 'size_mismatch' });
  });
});

describe('damage', () => {
  test('in the middle keeps previous entries, and is reported', async () => {
    const whole = await layerOf({
      compression: 'none',
      entries: [{ path: 'a', content: Buffer.from('one') }, { path: 'b' }],
    });
    const layer = await layerOf({ stored: whole.tar.subarray(0, 1_024 + 100) });
    const record = await examine(layer, {}, { digest: layer.digest });
    expect(record.files.map(({ path }) => path)).toEqual(['a']);
    expect(record.gaps).toMatchObject([{ by: 'layer', reason: 'damaged' }]);
  });

  test('in the media type does not matter: the compression is detected', async () => {
    const layer = await layerOf({ compression: 'none', entries: [{ path: 'a' }] });
    expect((await examine(layer)).files).toHaveLength(1);
  });

  test('a decompression bomb stops at the ratio limit and is partial, never clean', async () => {
    const layer = await layerOf({
      entries: [{ path: 'zeros', content: Buffer.alloc(8 * 1024 * 1024) }],
    });
    const record = await examine(layer, {}, { tarBytesMax: 1024 * 1024 });
    expect(record.gaps).toMatchObject([{ by: 'layer', reason: 'too_large' }]);
    expect(record.diffId).toBe('');
  });

  test.each(['bzip2', 'xz'])(
    'a layer compressed with %s is reported as unsupported',
    async (form) => {
      const magic = form === 'xz' ? '\xfd7zXZ\0' : 'BZh91AY&SY';
      const layer = await layerOf({ stored: Buffer.from(magic, 'latin1') });
      expect((await examine(layer)).gaps).toMatchObject([{ reason: 'unsupported' }]);
    },
  );
});

describe('readers', () => {
  const reader = (read: Reader['read'], extra: Partial<Reader> = {}): Reader => ({
    ...{ id: 'one', version: 1, wants: { names: ['f'] }, maxBytes: 1_000, read },
    ...extra,
  });

  test('see whole files however the stream is split, once for each row', async () => {
    const seen: string[] = [];
    const one = reader(({ path, bytes }) => void seen.push(`${path}=${bytes.toString()}`));
    const content = Buffer.from('0123456789'.repeat(90));
    const layer = await layerOf({ entries: [{ path: 'd/f', content }, { path: 'g' }] });
    await examine(layer, { readers: [one] });
    expect(seen).toEqual([`d/f=${content.toString()}`]);
  });

  test('that throw leave a diagnostic with the reason, and the others continue', async () => {
    const bad = reader(() => {
      throw new ReadError('encrypted', 'locked');
    });
    const worse = reader(
      () => {
        throw new Error('a mistake');
      },
      { id: 'two' },
    );
    const layer = await layerOf({ entries: [{ path: 'f', content: Buffer.from('x') }] });
    const { facts } = await examine(layer, { readers: [bad, worse] });
    expect(facts).toMatchObject({
      one: [[0, { kind: 'diagnostic', reason: 'encrypted', detail: 'locked' }]],
      two: [[0, { kind: 'diagnostic', reason: 'crashed', detail: 'a mistake' }]],
    });
  });

  test('do not get files above their limit, which is reported', async () => {
    const one = reader(() => undefined);
    const layer = await layerOf({ entries: [{ path: 'f', content: Buffer.alloc(1_001) }] });
    const { facts } = await examine(layer, { readers: [one] });
    expect(facts['one']).toMatchObject([[0, { kind: 'diagnostic', reason: 'too_large' }]]);
  });
});

describe('scanners', () => {
  const bad = Buffer.from('this is EVIL');

  test('report findings with path and digest', async () => {
    const { plan } = await planned({ word: 'EVIL' });
    const layer = await layerOf({ entries: [{ path: 'usr/x', content: bad }] });
    const { scans } = await examine(layer, plan);
    const sha256 = createHash('sha256').update(bad).digest('hex');
    expect(scans['literal']).toMatchObject({
      findings: [[0, { rule: 'EVIL', path: 'usr/x', sha256 }]],
      examined: 1,
    });
  });

  test('scans a file again when its content changed under the same name', async () => {
    const { scanner, plan } = await planned({ word: 'EVIL' });
    const verdicts = memoryVerdicts();
    const clean = await layerOf({ entries: [{ path: 'index.js', content: Buffer.from('ok') }] });
    const dirty = await layerOf({ entries: [{ path: 'index.js', content: bad }] });
    await examine(clean, { ...plan, verdicts });
    const record = await examine(dirty, { ...plan, verdicts });
    expect(record.scans['literal']?.findings).toHaveLength(1);
    expect(scanner.scanned).toEqual(['index.js', 'index.js']);
  });

  test('reuse results for known content, under every path', async () => {
    const { scanner, plan } = await planned({ word: 'EVIL' });
    const verdicts = memoryVerdicts();
    const entries = ['a', 'b'].map((path) => ({ path, content: bad }));
    const layer = await layerOf({ entries: entries.slice(0, 1) });
    await examine(layer, { ...plan, verdicts });
    const record = await examine(await layerOf({ entries }), { ...plan, verdicts });
    expect(scanner.scanned).toEqual(['a']);
    expect(record.scans['literal']).toMatchObject({ examined: 2, cached: 2 });
    expect(record.scans['literal']?.findings.map(([, { path }]) => path)).toEqual(['a', 'b']);
  });

  test('do not reuse results of other signatures', async () => {
    const verdicts = memoryVerdicts();
    const layer = await layerOf({ entries: [{ path: 'a', content: bad }] });
    const old = await planned({ word: 'unheard of', signatures: '1' });
    await examine(layer, { ...old.plan, verdicts });
    const { plan } = await planned({ word: 'EVIL', signatures: '2' });
    const record = await examine(layer, { ...plan, verdicts });
    expect(record.scans['literal']?.findings).toHaveLength(1);
  });

  test.each([
    ['failed', 'failed'],
    ['partial', 'too_large'],
  ] as const)('that answer %s leave a gap and are queried again', async (state, reason) => {
    const { scanner, plan } = await planned({ word: 'EVIL', answer: () => ({ state }) });
    const verdicts = memoryVerdicts();
    const layer = await layerOf({ entries: [{ path: 'a', content: Buffer.from('ok') }] });
    await examine(layer, { ...plan, verdicts });
    const record = await examine(layer, { ...plan, verdicts });
    expect(record.scans['literal']).toMatchObject({ findings: [], [state]: 1 });
    expect(record.scans['literal']?.gaps).toMatchObject([
      [0, { by: 'literal', reason, path: 'a' }],
    ]);
    expect(scanner.scanned).toHaveLength(2);
  });

  test('that are unhealthy are queried again', async () => {
    const verdicts = memoryVerdicts();
    const layer = await layerOf({ entries: [{ path: 'a', content: bad }] });
    const old = await planned({ word: 'unheard of', healthy: false });
    await examine(layer, { ...old.plan, verdicts });
    const { plan } = await planned({ word: 'EVIL', healthy: false });
    const record = await examine(layer, { ...plan, verdicts });
    expect(record.scans['literal']?.findings).toHaveLength(1);
  });

  test('whose signatures changed in the middle are used, but not cached', async () => {
    const { scanner, plan } = await planned({ word: 'EVIL', answer: () => ({ signatures: '2' }) });
    const verdicts = memoryVerdicts();
    const layer = await layerOf({ entries: [{ path: 'a', content: bad }] });
    for (let times = 0; times < 2; times += 1) {
      const record = await examine(layer, { ...plan, verdicts });
      expect(record.scans['literal']?.findings).toHaveLength(1);
    }
    expect(scanner.scanned).toHaveLength(2);
  });
});

test('a hard link has the digests of its target', async () => {
  const layer = await layerOf({
    entries: [
      { path: 'a', content: Buffer.from('x') },
      { path: 'b', type: 'hardlink', linkPath: 'a' },
    ],
  });
  const { files } = await examine(layer);
  expect(files[1]).toMatchObject({ path: 'b', type: 'hardlink', sha256: files[0]?.sha256 });
});

test('names above the root are clamped to it and reported', async () => {
  const layer = await layerOf({ entries: [{ path: '../../etc/passwd' }, { path: '/abs' }] });
  const { files, structure } = await examine(layer);
  expect(files.map(({ path }) => path)).toEqual(['etc/passwd', 'abs']);
  expect(structure).toMatchObject([[-1, { rule: 'path-escape', path: '../../etc/passwd' }]]);
});
