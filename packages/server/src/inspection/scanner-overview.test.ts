// Not in the quick check: scanners are opened and checked.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { scannerOverview, type InspectionSettings } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { loadConfiguration } from '../floor/config/index.ts';
import { inspectionLimits } from './limits.ts';
import { listMissingScanners, shareScannerOverview } from './scanner-overview.ts';

let directory: string;
let rules: string;
let deny: string;
let monotonicMs = 0;
const clock = { now: () => Date.parse('2026-01-01T00:00:00Z'), monotonicMs: () => monotonicMs };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scanners-'));
  rules = join(directory, 'lab.yar');
  deny = join(directory, 'deny.txt');
  await writeFile(rules, 'rule A { condition: false } rule B { condition: false }\n');
  await writeFile(deny, `${'ab'.repeat(32)}\n${'cd'.repeat(32)}\n`);
});
afterAll(() => rm(directory, { recursive: true }));

function settingsOf(values: Record<string, unknown>): InspectionSettings {
  const section = JSON.stringify({ secrets: false, ...values });
  const argv = ['--data', directory, '--inspection', section];
  return loadConfiguration({ argv, environment: {} }).values.inspection;
}

async function describe(values: Record<string, unknown>) {
  return scannerOverview.parse(await shareScannerOverview(settingsOf(values), clock)());
}

it('describes each scanner with health, number of rules and configuration keys', async () => {
  const found = await describe({ yaraRules: [rules], denyLists: [deny], secrets: true });
  expect(found).toMatchObject({ findsMalware: true, checkedAt: '2026-01-01T00:00:00.000Z' });
  expect(found.scanners).toMatchObject([
    {
      ...{ id: 'yara', healthy: true, findsMalware: true, problem: null, rules: 2 },
      configuration: ['inspection.yaraRules'],
    },
    { id: 'hash-set', healthy: true, findsMalware: false, rules: 2 },
    { id: 'secrets', healthy: true, configuration: ['inspection.secrets'] },
  ]);
});

it('reports that no malware scanner is configured, and what to do', async () => {
  const settings = settingsOf({ denyLists: [deny] });
  const overview = shareScannerOverview(settings, clock);
  expect((await overview()).findsMalware).toBe(false);
  expect(await listMissingScanners({ settings, overview, inspects: true })).toEqual([
    {
      part: 'malware scanner',
      detail: expect.stringContaining('None is configured') as string,
      advice: expect.stringContaining('lazaret setup scanners') as string,
    },
  ]);
});

it('reports a scanner that does not work, if this process inspects', async () => {
  const settings = settingsOf({ yaraRules: [join(directory, 'none.yar')], clamd: '/no/clamd' });
  const overview = shareScannerOverview(settings, clock);
  const missing = await listMissingScanners({ settings, overview, inspects: true });
  expect(missing.map(({ part }) => part)).toEqual(['scanner clamav', 'scanner yara']);
  expect(missing[0]?.detail).toContain('/no/clamd');
  expect(missing[1]?.advice).toContain('inspection.yaraRules');
  expect(await listMissingScanners({ settings, overview, inspects: false })).toEqual([]);
});

it('shares one state for some minutes', async () => {
  const own = join(directory, 'own.yar');
  await writeFile(own, 'rule A { condition: false }');
  const overview = shareScannerOverview(settingsOf({ yaraRules: [own] }), clock);
  const rulesNow = async () => (await overview()).scanners[0]?.rules;
  expect(await rulesNow()).toBe(1);
  await writeFile(own, 'rule A { condition: false } rule B { condition: false }');
  expect(await rulesNow()).toBe(1);
  monotonicMs += inspectionLimits.scannerStateMs + 1;
  expect(await rulesNow()).toBe(2);
});
