/** Sends a test notification to a target; the exit code says whether it was delivered. */
import { operations } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { Failure } from '../../failure.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

export async function runTest(invocation: Invocation): Promise<void> {
  const [name = ''] = invocation.arguments;
  const { client } = await invocation.connect();
  const { test } = operations.notifications;
  const result = await client.call(test, { params: { name } }, { signal: callTimeout() });
  const detail = visibleLine(result.detail);
  if (invocation.settings.output !== 'table') await printStructured(invocation, result);
  else if (result.ok) {
    await writeOut(invocation, `delivered to ${name} in ${result.durationMs} ms: ${detail}\n`);
  }
  if (result.ok) return;
  throw new Failure(`the test of notification target ${name} failed: ${detail}`, {
    hint: `Run: lazaret notifications show ${name}`,
  });
}
