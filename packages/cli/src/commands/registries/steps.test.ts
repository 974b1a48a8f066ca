/** Checks of registries and hooks, against a scripted server: steps in words, and exit codes. */
import { expect, it } from 'vitest';

import { runInside, type RunResult } from '../../testing/run-program.ts';
import type { Handler } from '../../testing/scripted-server.ts';
import { useServerHarness } from '../../testing/server-harness.ts';

const cli = useServerHarness();

async function run(
  argv: readonly string[],
  handlers: Readonly<Record<string, Handler>>,
): Promise<RunResult> {
  return runInside(argv, { home: cli.home, variables: await cli.serve(handlers) });
}

const checked =
  (state: string): Handler =>
  () => ({
    checkedAt: '2026-11-30T12:00:00.000Z',
    results: [
      { name: 'reach', state: 'ok', detail: 'answers as a registry' },
      { name: 'tls', state: 'warning', detail: 'HTTP without TLS' },
      { name: 'sign-in', state, detail: 'unauthorized \u001B[31m' },
    ],
  });

it('a check of a registry prints each step, and ends with 1 when one failed', async () => {
  const failed = await run(['registries', 'check', 'lab'], {
    'registries.check': checked('failed'),
  });
  expect(failed.exitCode).toBe(1);
  expect(failed.stdout).toMatch(/^ok +reach +answers as a registry$/m);
  expect(failed.stdout).toMatch(/^failed +sign-in +unauthorized/m);
  expect(failed.stdout).not.toContain('\u001B[31m');
  expect(failed.stderr).toContain('registry lab: sign-in failed: unauthorized');
  const passed = await run(['registries', 'check', 'lab', 'other'], {
    'registries.check': checked('unknown'),
  });
  expect(passed.exitCode).toBe(0);
  expect(passed.stdout.match(/^unknown +sign-in/gm)).toHaveLength(2);
});

it('a check of a registry as JSON is the response', async () => {
  const { exitCode, stdout } = await run(['registries', 'check', 'lab', '-o', 'json'], {
    'registries.check': checked('ok'),
  });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ name: 'reach' }, {}, {}] });
});

const tested =
  (ok: boolean): Handler =>
  () => ({
    ...{ ok, status: 202, answerMs: 4, delivery: null },
    steps: [{ name: 'receive', ok, detail: ok ? 'answered' : 'refused' }],
  });

it('a test of a hook prints its steps with the answer, and ends with 1 when one failed', async () => {
  const passed = await run(['hooks', 'test', 'lab'], { 'hooks.test': tested(true) });
  expect(passed.exitCode).toBe(0);
  expect(passed.stdout).toMatch(/^ok +receive +answered\nanswered 202 in 4 ms$/m);
  const failed = await run(['hooks', 'test', 'lab'], { 'hooks.test': tested(false) });
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain('the test of hook lab failed: receive: refused');
});
