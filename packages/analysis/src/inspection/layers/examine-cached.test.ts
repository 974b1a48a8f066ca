/** What is examined again when an analyzer, a scanner or the configuration has changed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openCache } from '../../cache/open-cache.ts';
import type { AnalysisCache } from '../../cache/open-cache.ts';
import { allReaders } from '../../inventory/ecosystems.ts';
import type { Reader } from '../../inventory/reader.ts';
import { examineCached } from './examine-cached.ts';
import type { CachedQuestion } from './examine-cached.ts';
import type { LayerAnswer } from './layer-task.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const description = { engine: 'e 1', signatures: 's1', limits: 'l1', healthy: true };
const readers = allReaders.slice(0, 3);
const [first] = readers as [Reader, ...Reader[]];
const base: CachedQuestion = {
  ...{ digest, readers },
  scanners: [{ id: 'literal', description }],
  settings: { digests: 'all', similarity: false, unpack: true },
};
const everything = [...readers.map(({ id }) => id), 'literal'];
let directory = '';
let cache: AnalysisCache;
/** The arguments of each examination. */
let asked: (readonly string[])[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-examine-'));
  cache = openCache(directory);
  asked = [];
});
afterEach(async () => {
  cache.close();
  await rm(directory, { recursive: true, force: true });
});

/** The bytes have this digest, whatever was requested. */
function ask(question: CachedQuestion, found = digest): ReturnType<typeof examineCached> {
  return examineCached(question, cache, (part): Promise<LayerAnswer> => {
    asked.push([...part.readers, ...part.scanners.map(({ id }) => id)]);
    const scan = { signatures: 's1', findings: [], gaps: [] };
    const counts = { examined: 1, cached: 0, partial: 0, failed: 0 };
    const record = {
      ...{ files: [], structure: [], gaps: [], digest: found, diffId: found },
      ...{ compression: 'none' as const, storedBytes: 1, tarBytes: 1 },
      facts: Object.fromEntries(part.readers.map((id) => [id, []])),
      scans: Object.fromEntries(part.scanners.map(({ id }) => [id, { ...scan, ...counts }])),
    };
    return Promise.resolve({ record });
  });
}

const withReader = (change: Partial<Reader>): CachedQuestion => ({
  ...base,
  readers: [{ ...first, ...change }, ...readers.slice(1)],
});
const withScanner = (change: Partial<typeof description>): CachedQuestion => ({
  ...base,
  scanners: [{ id: 'literal', description: { ...description, ...change } }],
});
const withSettings = (change: Partial<CachedQuestion['settings']>): CachedQuestion => ({
  ...base,
  settings: { ...base.settings, ...change },
});

test.each<readonly [string, CachedQuestion, readonly string[]]>([
  ['nothing changed', base, []],
  ['a reader of a newer version', withReader({ version: first.version + 1 }), [first.id]],
  ['a reader that takes larger files', withReader({ maxBytes: first.maxBytes + 1 }), [first.id]],
  ['a newer engine', withScanner({ engine: 'e 2' }), ['literal']],
  ['newer signatures', withScanner({ signatures: 's2' }), ['literal']],
  ['other limits of a scanner', withScanner({ limits: 'l2' }), ['literal']],
  ['other digests', withSettings({ digests: 'sha256' }), everything],
  ['similarity digests', withSettings({ similarity: true }), everything],
  ['no unpacking', withSettings({ unpack: false }), everything],
])('%s', async (_, changed, expected) => {
  await ask(base);
  const { cached } = await ask(changed);
  expect(cached).toBe(expected.length === 0);
  expect(asked.slice(1).flat()).toEqual(expected);
  await ask(changed);
  await ask(base);
  expect(asked.slice(2)).toEqual([]);
});

test('results of an unhealthy scanner are not cached: its signatures may be complete later', async () => {
  const ill = withScanner({ healthy: false });
  for (let run = 0; run < 2; run += 1) await ask(ill);
  await ask(base);
  expect(asked).toEqual([everything, ['literal'], ['literal']]);
});

test('a newer reader keeps the unpacked members and the gaps', async () => {
  const members = [
    [0, { path: 'a.zip!/b', sha256: '3'.repeat(64), sizeBytes: 1, kind: 'text' }],
  ] as const;
  const gaps = [{ by: 'unpacking', reason: 'encrypted', detail: 'locked', path: 'a.zip' }] as const;
  // Like the walk: nothing is unpacked if no scanner wants it.
  const walk = (question: CachedQuestion): ReturnType<typeof examineCached> =>
    examineCached(question, cache, (part): Promise<LayerAnswer> => {
      const unpacks = part.scanners.length > 0;
      const scan = { signatures: 's1', findings: [], gaps: [], examined: 2, cached: 0 };
      const record = {
        ...{ files: [], structure: [], digest, diffId: digest, storedBytes: 1, tarBytes: 1 },
        ...{ compression: 'none' as const, members: unpacks ? members : [] },
        gaps: unpacks ? gaps : [],
        facts: Object.fromEntries(part.readers.map((id) => [id, []])),
        scans: Object.fromEntries(
          part.scanners.map(({ id }) => [id, { ...scan, partial: 0, failed: 0 }]),
        ),
      };
      return Promise.resolve({ record });
    });
  await walk(base);
  const newer = withReader({ version: first.version + 1 });
  for (const cached of [false, true]) {
    expect(await walk(newer)).toMatchObject({ cached, answer: { record: { members, gaps } } });
  }
});

test('content that changed after it was hashed is examined completely again', async () => {
  await ask(base);
  const other = `sha256:${'2'.repeat(64)}`;
  const { answer } = await ask(withReader({ version: first.version + 1 }), other);
  expect(asked.slice(1)).toEqual([[first.id], everything]);
  expect(answer).toMatchObject({ record: { digest: other } });
});
