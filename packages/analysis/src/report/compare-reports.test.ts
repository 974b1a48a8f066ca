import { reportDifference } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { arbitraryReport } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { compareReports } from './compare-reports.ts';

it('lists changed packages, files, findings and configuration', () => {
  const before = sampleReport();
  const { packages, findings, image } = before;
  const files = before.files ?? [];
  const after = sampleReport({
    packages: packages
      .filter(({ name }) => name !== 'example.org/server')
      .map((one) => (one.name === 'libc6' ? { ...one, version: '2.36-10' } : one))
      .concat({ ...packages[0]!, name: 'curl', purl: 'pkg:deb/debian/curl@8' }),
    files: [
      { ...files[0]!, mode: 0o755, sha256: 'b'.repeat(64) },
      { ...files[1]!, path: 'new' },
    ],
    findings: findings.slice(1),
    image: { ...image!, config: { ...image!.config!, user: 'app', env: ['PATH=/bin'] } },
  });
  const difference = reportDifference.parse(compareReports(before, after));
  const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);
  expect(names(difference.packages.added)).toEqual(['curl']);
  expect(names(difference.packages.removed)).toEqual(['example.org/server']);
  expect(difference.packages.changed).toEqual([
    { type: 'deb', name: 'libc6', before: ['2.36-9'], after: ['2.36-10'] },
  ]);
  expect(difference.files).toMatchObject({
    added: [],
    removed: [{ path: 'opt/app/index.js', directory: 'opt' }],
    changed: [{ path: 'usr/bin/su', fields: ['content'] }],
    moved: [{ from: 'opt/app/server', to: 'new' }],
  });
  expect(difference.findings.gone.map(({ rule }) => rule)).toEqual(['Eicar-Test-Signature']);
  expect(difference.findings.new).toEqual([]);
  expect(difference.config).toEqual([
    { field: 'env.EMPTY', before: '""' },
    { field: 'env.PATH', before: '"/usr/bin"', after: '"/bin"' },
    { field: 'user', before: '"root"', after: '"app"' },
  ]);
  expect(difference.layers).toEqual({ common: 3, removed: 0, added: 0 });
});

it('warns of partial coverage of each side', () => {
  const { caveats } = compareReports(sampleReport(), sampleReport());
  expect(caveats).toHaveLength(2);
});

it('compares files only if both reports list them', () => {
  const { files: _, ...bare } = sampleReport();
  const { files, notComparable } = compareReports(sampleReport(), bare);
  expect(files).toBeUndefined();
  expect(notComparable).toEqual([
    { part: 'files', reason: 'not_recorded', detail: expect.stringContaining('second image') },
  ]);
});

it('finds no difference of a report to itself, and the reverse in the other direction', () => {
  fc.assert(
    fc.property(arbitraryReport(), arbitraryReport(), (one, other) => {
      const same = compareReports(one, one);
      expect([...same.packages.added, ...same.packages.changed, ...same.config]).toEqual([]);
      expect([...same.findings.new, ...same.findings.gone, ...same.findings.moved]).toEqual([]);
      expect(same.findings.notComparable).toEqual({ before: [], after: [] });
      const there = compareReports(one, other);
      const back = compareReports(other, one);
      expect(there.packages.added.length).toBe(back.packages.removed.length);
      expect(there.findings.new.length).toBe(back.findings.gone.length);
      expect(there.files?.added).toEqual(back.files?.removed);
    }),
    { numRuns: 30 },
  );
});
