import fc from 'fast-check';
import { expect, test } from 'vitest';

import { sdhash } from '../../digest/sdhash.ts';
import { ssdeep } from '../../digest/ssdeep.ts';
import { randomBytes, randomWords } from '../../digest/testing/random-bytes.ts';
import { tlsh } from '../../digest/tlsh.ts';
import { ListError } from '../lists/list-error.ts';
import { describeScanner, subjectOf } from '../scanner.suite.ts';
import { parseSimilarityList } from './similarity-list.ts';
import { createSimilarityScanner } from './similarity.ts';

const bad = randomWords(5, 20_000);
const changed = Buffer.concat([bad.subarray(0, 9_000), randomBytes(1, 300), bad.subarray(9_000)]);
const csv = `digest,name,source\n${tlsh(bad) ?? ''},evil-kit,a report\n`;

describeScanner('similarity', () =>
  Promise.resolve({
    scanner: createSimilarityScanner(parseSimilarityList(csv)),
    bad: { bytes: bad, rule: 'evil-kit' },
    clean: randomBytes(9, 5_000),
    close: () => Promise.resolve(),
  }),
);

test.each([
  ['tlsh', tlsh],
  ['ssdeep', ssdeep],
  ['sdhash', sdhash],
] as const)('a variant is found by %s, as an indication only', async (method, digest) => {
  const list = JSON.stringify([{ digest: digest(bad), name: 'evil-kit' }]);
  const scanner = createSimilarityScanner(parseSimilarityList(list));
  const { findings } = await scanner.scan(subjectOf(changed));
  expect(findings).toMatchObject([{ class: 'similar', rule: 'evil-kit', evidence: { method } }]);
  expect(['low', 'info']).toContain(findings[0]?.severity);
  expect((await scanner.scan(subjectOf(randomBytes(3, 20_000)))).findings).toEqual([]);
});

test('a name is reported once, for the nearest', async () => {
  const rows = [tlsh(bad), ssdeep(bad), sdhash(bad), tlsh(changed)].map((each) => `${each},kit,x`);
  const scanner = createSimilarityScanner(parseSimilarityList(rows.join('\n')));
  const { findings } = await scanner.scan(subjectOf(bad));
  expect(findings).toMatchObject([{ rule: 'kit', evidence: { source: 'x' } }]);
});

test('a list that is not completely readable is a problem', async () => {
  const healthOf = async (text: string) =>
    createSimilarityScanner(parseSimilarityList(text)).describe();
  expect(await healthOf(csv)).toMatchObject({ healthy: true });
  const { healthy, problem } = await healthOf(`${csv}LocalSocket /run/clamd.sock\n`);
  expect([healthy, problem]).toEqual([false, '1 rows have no TLSH, ssdeep or sdhash digest']);
});

test('only scans programs', () => {
  const scanner = createSimilarityScanner(parseSimilarityList(csv));
  expect(scanner.wants({ ...subjectOf(bad), kind: 'elf' })).toBe(true);
  expect(scanner.wants({ ...subjectOf(bad), kind: 'png' })).toBe(false);
});

test('low-entropy content has no digest, so it never resembles other such content', async () => {
  const list = `${ssdeep(Buffer.alloc(9_000)) ?? ''},zeros\n3::,empty\n`;
  const { entries } = parseSimilarityList(list);
  const scanner = createSimilarityScanner({ entries });
  expect((await scanner.scan(subjectOf(Buffer.alloc(9_000)))).findings).toEqual([]);
});

test('any list yields entries or a ListError', () => {
  const pieces = fc.constantFrom('[', '{"digest":', '3:abc:de', ',', '"', '\n', 'name', ']');
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      try {
        createSimilarityScanner(parseSimilarityList(parts.join('')));
      } catch (error) {
        expect(error).toBeInstanceOf(ListError);
      }
    }),
  );
});
