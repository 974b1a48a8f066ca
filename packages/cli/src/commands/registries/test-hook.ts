/** Sends a test delivery to a hook; the exit code says whether everything worked. */
import { operations } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { Failure } from '../../failure.ts';
import { printStructured } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { printSteps, type Step } from './print-steps.ts';

export async function runTest(invocation: Invocation): Promise<void> {
  const [name = ''] = invocation.arguments;
  const { client } = await invocation.connect();
  const { test } = operations.hooks;
  const result = await client.call(test, { params: { name } }, { signal: callTimeout() });
  const steps = result.steps.map(({ name: step, ok, detail }): Step => ({
    name: step,
    state: ok ? 'ok' : 'failed',
    detail,
  }));
  const answer = `answered ${result.status} in ${result.answerMs} ms`;
  if (invocation.settings.output === 'table') await printSteps(invocation, steps, answer);
  else await printStructured(invocation, result);
  const failed = result.steps.find(({ ok }) => !ok);
  if (failed === undefined) return;
  const message = `the test of hook ${name} failed: ${failed.name}: ${visibleLine(failed.detail)}`;
  throw new Failure(message, { hint: `Run: lazaret hooks show ${name}` });
}
