/** Sends a test delivery to a hook; the exit code says whether everything worked. */
import { operations, type HookTest } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { Failure } from '../../failure.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';

export async function runTest(invocation: Invocation): Promise<void> {
  const [name = ''] = invocation.arguments;
  const { client } = await invocation.connect();
  const { test } = operations.hooks;
  const result = await client.call(test, { params: { name } }, { signal: callTimeout() });
  if (invocation.settings.output === 'table') await printSteps(invocation, result);
  else await printStructured(invocation, result);
  const failed = result.steps.find(({ ok }) => !ok);
  if (failed === undefined) return;
  const message = `the test of hook ${name} failed: ${failed.name}: ${visibleLine(failed.detail)}`;
  throw new Failure(message, { hint: `Run: lazaret hooks show ${name}` });
}

async function printSteps(invocation: Invocation, result: HookTest): Promise<void> {
  const style = createStyle(invocation.settings.color.stdout);
  const widthChars = Math.max(...result.steps.map(({ name }) => name.length));
  const lines = result.steps.map(({ name, ok, detail }) => {
    const state = ok ? style('green', 'ok    ') : style('red', 'failed');
    return `${state}  ${name.padEnd(widthChars)}  ${visibleLine(detail)}`;
  });
  const answer = `answered ${result.status} in ${result.answerMs} ms`;
  await writeOut(invocation, [...lines, answer, ''].join('\n'));
}
