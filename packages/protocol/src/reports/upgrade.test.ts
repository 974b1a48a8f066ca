import { expect, test } from 'vitest';

import { otherPlatforms, sourceWarnings } from './diagnostic.ts';
import { inspectionReport } from './report.ts';
import { upgradeReport } from './upgrade.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const common = {
  tool: { name: 'lazaret', version: '1.2.3' },
  ...{ layers: [], packages: [], users: [], passwords: [], groups: [], special: [], findings: [] },
  coverage: {
    ...{ complete: false, files: 0, bytes: 0, scanners: [], gapCount: 1 },
    layers: { listed: 0, examined: 0, cached: 0, partial: 0, missing: 0 },
    gaps: [{ by: 'inventory:dpkg', reason: 'damaged', detail: 'cut off', path: 'status' }],
  },
  verdict: { state: 'incomplete', reasons: [] },
  fingerprint: 'b'.repeat(64),
};
const su = {
  ...{ path: 'usr/bin/su', type: 'file', mode: 0o4755, uid: 0, gid: 0 },
  ...{ sizeBytes: 1, mtimeMs: 0, layer: 0 },
};
const version1 = {
  schema: 'lazaret-inspection/1',
  ...common,
  special: [{ ...su, because: ['setuid'] }],
  source: {
    ...{ kind: 'registry', reference: 'lab.example/app:1' },
    remarks: [
      { reason: 'unproven_name', detail: 'nothing proves the name', digest },
      { reason: 'other_platform', detail: 'linux/arm64', digest, sizeBytes: 7 },
    ],
  },
  unknowns: [
    {
      ...{ kind: 'unknown', path: 'status', reader: 'dpkg', reason: 'damaged' },
      ...{ detail: 'cut off', layer: 0, hiddenBy: 1 },
    },
    {
      ...{ kind: 'unknown', path: 'app', reader: 'go', reason: 'not_recorded' },
      ...{ detail: 'no version', layer: 1 },
    },
  ],
};

test('a report of version 1 is upgraded to a valid report with diagnostics', () => {
  const report = inspectionReport.parse(upgradeReport(version1));
  expect(report.schema).toBe('lazaret-inspection/2');
  expect(report.source).toEqual({ kind: 'registry', reference: 'lab.example/app:1' });
  expect(report.coverage.gaps).toHaveLength(1);
  expect(report.special).toEqual([{ ...su, reasons: ['setuid'] }]);
  expect(report.diagnostics).toEqual([
    {
      ...{ severity: 'warning', by: 'source', reason: 'unproven_name', digest },
      detail: 'nothing proves the name',
    },
    {
      ...{ severity: 'info', by: 'source', reason: 'other_platform', digest },
      ...{ detail: 'linux/arm64', sizeBytes: 7 },
    },
    {
      ...{ severity: 'warning', by: 'inventory:dpkg', reason: 'damaged', detail: 'cut off' },
      ...{ path: 'status', layer: 0, hiddenBy: 1 },
    },
    {
      ...{ severity: 'info', by: 'inventory:go', reason: 'not_recorded', detail: 'no version' },
      ...{ path: 'app', layer: 1 },
    },
  ]);
  expect(sourceWarnings(report).map(({ reason }) => reason)).toEqual(['unproven_name']);
  expect(otherPlatforms(report).map(({ detail }) => detail)).toEqual(['linux/arm64']);
});

test('a report without remarks has no diagnostics', () => {
  const { remarks: _, ...source } = version1.source;
  const value = upgradeReport({ ...version1, source, unknowns: [] });
  expect(inspectionReport.parse(value).diagnostics).toEqual([]);
});

test('special files of the first reports of version 2 are read', () => {
  const { source, unknowns: _, ...rest } = version1;
  const { remarks: __, ...origin } = source;
  const first = { ...rest, schema: 'lazaret-inspection/2', source: origin, diagnostics: [] };
  const report = inspectionReport.parse(upgradeReport(first));
  expect(report.special).toEqual([{ ...su, reasons: ['setuid'] }]);
  expect(upgradeReport(report)).toBe(report);
});

test('current reports and other values are returned unchanged', () => {
  const current = { schema: 'lazaret-inspection/2', diagnostics: [] };
  for (const value of [current, null, 'text', [], { schema: 'other' }]) {
    expect(upgradeReport(value)).toBe(value);
  }
  const damaged = { schema: 'lazaret-inspection/1', source: 7, unknowns: 'none' };
  expect(inspectionReport.safeParse(upgradeReport(damaged)).success).toBe(false);
});
