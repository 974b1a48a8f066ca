/** Bulk changes of jobs by filter on the command line: confirmation, requests, and output. */
import type { BulkOutput } from '@lazaret/protocol';
import { beforeEach, expect, it } from 'vitest';

import type { RunOptions, RunResult } from '../../testing/run-program.ts';
import type { Handler } from '../../testing/scripted-server.ts';
import { useServerHarness } from '../../testing/server-harness.ts';

const id = '0123456789abcdef';
const cli = useServerHarness();
let bodies: Record<string, unknown>[] = [];

beforeEach(() => {
  bodies = [];
});

const output: BulkOutput = {
  ...{ dryRun: false, matched: 2, changed: 1, unchanged: 0, failed: 0 },
  results: [{ id, status: 'cancelled', job: null, problem: null }],
};

/** Answers a dry run with the count, and the change with the output. */
function bulk(result: Partial<BulkOutput> = {}): Handler {
  return ({ body }) => {
    const asked = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
    bodies.push(asked);
    return asked['dryRun'] === true
      ? { ...output, dryRun: true, changed: 0, results: [] }
      : { ...output, ...result };
  };
}

async function run(
  argv: readonly string[],
  result: Partial<BulkOutput> = {},
  options: Partial<RunOptions> = {},
): Promise<RunResult> {
  const handler = bulk(result);
  return cli.run({ 'jobs.cancelMany': handler, 'jobs.rerunMany': handler }, argv, options);
}

it('counts, and then cancels what matches the filter', async () => {
  const { exitCode, stdout } = await run([
    ...['jobs', 'cancel', '--state', 'queued', '--engine', 'strings', '--yes'],
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`${id}`);
  expect(stdout).toContain('cancelled');
  expect(bodies).toEqual([
    { state: ['queued'], engine: ['strings'], dryRun: true },
    { state: ['queued'], engine: ['strings'] },
  ]);
});

it('prints the count of a dry run without a terminal, and changes nothing', async () => {
  const { exitCode, stdout } = await run(['jobs', 'rerun', '--tag', 'x', '--dry-run']);
  expect([exitCode, stdout]).toEqual([0, '2 jobs match; nothing was changed.\n']);
  expect(bodies).toEqual([{ tag: 'x', dryRun: true }]);
});

it('prints the answer of a dry run as JSON', async () => {
  const { stdout } = await run(['jobs', 'cancel', '--tag', 'x', '--dry-run', '-o', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, matched: 2, results: [] });
});

it('prints only the number of jobs of a quiet dry run', async () => {
  const { stdout } = await run(['jobs', 'cancel', '--tag', 'x', '--dry-run', '--quiet']);
  expect(stdout).toBe('2\n');
});

it('requires --yes without a terminal', async () => {
  const { exitCode, stderr } = await run(['jobs', 'cancel', '--tag', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('Add --yes');
  expect(bodies).toEqual([]);
});

it.each([
  [['jobs', 'cancel'], 'expected job IDs, or a filter'],
  [['jobs', 'rerun'], 'expected job IDs, or a filter'],
  [['jobs', 'cancel', id, '--tag', 'x'], 'either job IDs or a filter'],
  [['jobs', 'cancel', id, id, '--dry-run'], '--dry-run needs a filter'],
  [['jobs', 'rerun', id, '--dry-run'], '--dry-run needs a filter'],
  [['jobs', 'cancel', '--state', 'nonsense', '--yes'], '--state'],
  [['jobs', 'cancel', '--text', '', '--yes'], '--text: expected a value'],
  [['jobs', 'rerun', '--state', '', '--yes'], '--state: expected a value'],
])('%j is refused before anything is sent', async (argv, message) => {
  const { exitCode, stderr } = await run(argv);
  expect([exitCode, bodies]).toEqual([2, []]);
  expect(stderr).toContain(message);
});

it('fails when a job could not be changed, and says why', async () => {
  const problem = { code: 'engine_disabled', detail: 'the engine strings is disabled' };
  const { exitCode, stdout } = await run(['jobs', 'rerun', '--tag', 'x', '--yes'], {
    failed: 1,
    results: [{ id, status: 'failed', job: null, problem }],
  });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('the engine strings is disabled');
});
