/** The fuzzer finds planted faults, and every target passes a short run. */
import { expect, test } from 'vitest';

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Fuzzer } from './fuzz/fuzzer.ts';
import type { FuzzFinding } from './fuzz/fuzzer.ts';
import { Random } from './fuzz/random.ts';
import { supervise } from './fuzz/supervise.ts';
import { listTargets } from './fuzz/targets/all-targets.ts';

const all = await listTargets();

test.each(all.filter(({ name }) => !name.startsWith('planted:')))(
  '$name survives mutated inputs',
  async (target) => {
    const findings: FuzzFinding[] = [];
    const fuzzer = new Fuzzer(target, {
      seed: 7,
      words: [],
      onFinding: (finding) => findings.push(finding),
    });
    const seeds = Array.from(await target.seeds(), (one) => Buffer.from(one));
    const random = new Random(7);
    const few = seeds.filter((_, at) => at < 20 || random.below(seeds.length) < 20);
    await fuzzer.plant(few);
    await fuzzer.runBatch(100);
    // Time limits are only checked on an idle machine.
    const faults = findings.filter(({ kind }) => kind === 'error');
    expect(faults.map(({ detail }) => detail)).toEqual([]);
    expect(fuzzer.executions).toBeGreaterThan(100);
  },
);

/** Only found step by step, each reaching new code. */
const thorough = { seconds: 100, executions: 60_000 };

test.each([
  ['planted:error', 'error'],
  ['planted:deep', 'error'],
  ['planted:slow', 'slow'],
  ['planted:hang', 'hang'],
  ['planted:late', 'crash'],
])('%s is reported as a %s', async (target, kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'lazaret-fuzz-'));
  try {
    const { findings } = await supervise({
      ...{ target, seed: 1, directory, inputs: [] },
      // What is slow must not look like a hang on a busy machine.
      hangMs: kind === 'hang' ? 2_000 : 30_000,
      ...(target === 'planted:deep' ? thorough : { seconds: 1, executions: 400 }),
    });
    expect(findings.map((finding) => finding.kind)).toContain(kind);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
