/** The output besides the image: its origin, and other platforms. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fromSource } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { cleanReport, sampleReport } from '../../../../../test/fixtures/sample-reports.ts';
import { cliLimits } from '../../limits.ts';
import { inspecting } from '../../testing/inspect-program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-platforms-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

it('shows notes about the source of the image', async () => {
  const diagnostics = [
    { reason: 'unproven_name' as const, detail: 'nothing proves\u001b[2J the name' },
    { reason: 'attestation' as const, detail: 'about an image' },
  ].map(fromSource);
  const { stdout } = await inspecting(home, [sampleReport({ diagnostics })]).run(['app']);
  expect(stdout).toMatch(/Notes +nothing proves/);
  expect(stdout).not.toContain('\u001b[2J');
  expect(stdout).not.toContain('about an image');
  expect(stdout).not.toContain('Not inspected');
});

it('lists images of the index that were not inspected, up to a limit', async () => {
  const digest = `sha256:${'7'.repeat(64)}`;
  const other = (at: number) => ({
    ...{ reason: 'other_platform' as const, detail: `linux/cpu${at} was not examined` },
    ...{ digest, sizeBytes: 2048 },
  });
  const page = async (count: number): Promise<string> => {
    const diagnostics = Array.from({ length: count }, (_, at) => fromSource(other(at)));
    const report = sampleReport({ diagnostics });
    return (await inspecting(home, [report]).run(['app'])).stdout;
  };
  const one = await page(1);
  expect(one).toContain(`linux/cpu0 was not examined: ${digest}, a manifest of 2`);
  expect(one).toMatch(/^ +use --all-platforms/m);
  const many = await page(cliLimits.platformsShown + 3);
  expect(many).toContain('and 3 more; use --all-platforms');
  expect(many).not.toContain(`cpu${cliLimits.platformsShown} `);
});

it('ends several pages with the most severe verdict, which decides the exit code', async () => {
  const { run } = inspecting(home, [cleanReport(), sampleReport(), cleanReport()]);
  const { stdout, exitCode } = await run(['app', '--all-platforms']);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('All 3 images: MALICIOUS  1 malicious, 2 clean');
  expect(exitCode).toBe(11);
  const single = await inspecting(home, [cleanReport()]).run(['app', '--all-platforms']);
  expect(single.stdout).not.toContain('images:');
});
