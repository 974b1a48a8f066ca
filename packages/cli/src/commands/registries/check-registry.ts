/** Checks what works with registries; the exit code says whether anything failed. */
import { operations } from '@lazaret/protocol';

import { flagText, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { Failure } from '../../failure.ts';
import { printNote, printStructured } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { printSteps } from './print-steps.ts';

export async function runCheck(invocation: Invocation): Promise<void> {
  const { arguments: names, flags, settings } = invocation;
  const project = flagText(flags, 'project');
  const { client } = await invocation.connect();
  const failures: string[] = [];
  let lastFailed = '';
  for (const name of names) {
    const result = await client.call(
      operations.registries.check,
      { params: { name }, query: { project } },
      { signal: callTimeout() },
    );
    if (names.length > 1) await printNote(invocation, `${name}:`);
    if (settings.output === 'table') await printSteps(invocation, result.results);
    else await printStructured(invocation, result);
    const failed = result.results.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      lastFailed = name;
      failures.push(`registry ${name}: ${failed.name} failed: ${visibleLine(failed.detail)}`);
    }
  }
  if (failures.length === 0) return;
  throw new Failure(failures.join('\n'), { hint: `Run: lazaret registries show ${lastFailed}` });
}
