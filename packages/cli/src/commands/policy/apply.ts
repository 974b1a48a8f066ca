/** `lazaret policy apply`: puts policies in force on a server, after checking them here. */
import { limits, operations } from '@lazaret/protocol';

import { flagText, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { readText } from '../../files/read-document.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { findPolicies, requirePolicy } from './load-policy.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { shell, flags, settings } = invocation;
  const paths = await findPolicies(invocation);
  // all of them are checked before the first is applied
  const documents: string[] = [];
  for (const path of paths) {
    if (path !== '-') await requirePolicy(shell, path);
    documents.push(await readText(shell, path, limits.policyDocumentBytes));
  }
  const { client } = await invocation.connect();
  const project = flagText(flags, 'project');
  const applied = [];
  for (const document of documents) {
    const body = { document, ...(project !== undefined && { project }) };
    const call = { body };
    applied.push(await client.call(operations.policies.apply, call, { signal: callTimeout() }));
  }
  if (settings.output !== 'table') {
    await printStructured(invocation, applied.length === 1 ? applied[0] : applied);
    return;
  }
  const lines = applied.map(({ name, version }) =>
    settings.quiet ? name : `${visibleLine(name)} version ${version} is in force`,
  );
  await writeOut(invocation, `${lines.join('\n')}\n`);
  await printNote(invocation, 'Stored images are judged again: lazaret policy rejudge --status');
}
