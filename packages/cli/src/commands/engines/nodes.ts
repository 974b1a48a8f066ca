/** `lazaret nodes cordon` and `uncordon`, like those of kubectl. */
import { operations } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callByName } from '../../connection/call-by-name.ts';
import { callTimeout } from '../../connection/connection.ts';
import { check } from '../../command/check-values.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { update } = operations.nodes;

export function runCordon(invocation: Invocation): Promise<void> {
  return setSchedulable(invocation, false);
}

export function runUncordon(invocation: Invocation): Promise<void> {
  return setSchedulable(invocation, true);
}

async function setSchedulable(invocation: Invocation, schedulable: boolean): Promise<void> {
  for (const name of invocation.arguments) check(update.params, { name }, []);
  const { client } = await invocation.connect();
  for (const name of invocation.arguments) {
    const node = await callByName(client, { noun: 'nodes', name }, (whole) => {
      const call = { params: { name: whole }, body: { schedulable } };
      return client.call(update, call, { signal: callTimeout() });
    });
    if (invocation.settings.output !== 'table') await printStructured(invocation, node);
    else await writeOut(invocation, `${visibleLine(node.name)}\n`);
  }
}
