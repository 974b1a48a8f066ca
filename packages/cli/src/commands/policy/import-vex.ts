/** `lazaret exceptions import`: reads an OpenVEX or CSAF VEX document as exceptions. */
import { basename } from 'node:path';

import { limits, operations, plural } from '@lazaret/protocol';

import { flagText, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { usageFailure } from '../../failure.ts';
import { readText } from '../../files/read-document.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { shell, flags, settings } = invocation;
  const [path = ''] = invocation.arguments;
  const expires = flagText(flags, 'expires');
  if (expires === undefined) {
    throw usageFailure('missing --expires DATE: when the statements have to be reviewed');
  }
  const name = flagText(flags, 'name') ?? nameOf(path);
  const document = await readText(shell, path, limits.vexDocumentBytes);
  const { client } = await invocation.connect();
  const [owner, project] = [flagText(flags, 'owner'), flagText(flags, 'project')];
  const query = {
    ...{ name, expires },
    ...(owner !== undefined && { owner }),
    ...(project !== undefined && { project }),
  };
  const call = { query, body: document };
  const result = await client.call(operations.exceptions.importVex, call, {
    signal: callTimeout(),
  });
  if (settings.output !== 'table') return printStructured(invocation, result);
  const { added, replaced, notes } = result;
  const before = replaced === 0 ? '' : `, ${replaced} of the earlier import replaced`;
  await writeOut(invocation, `${plural(added, 'exception')} added from ${name}${before}\n`);
  for (const note of notes) await printNote(invocation, `note: ${visibleLine(note)}`);
}

function nameOf(path: string): string {
  if (path === '-') throw usageFailure('missing --name NAME for a document of standard input');
  return basename(path)
    .replace(/\.json$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
}
