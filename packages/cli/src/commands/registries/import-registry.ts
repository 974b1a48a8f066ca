/** `lazaret registries import`: adds the registry of a command line of Banyan Collector. */
import { operations, type OperationCall } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { check } from '../../command/check-values.ts';
import { callTimeout } from '../../connection/connection.ts';
import { usageFailure } from '../../failure.ts';
import { formatStructured, printNote, writeOut } from '../../render/print.ts';
import { readCollectorOptions } from './collector-options.ts';

const { add } = operations.registries;

export async function runImport(invocation: Invocation): Promise<void> {
  const { own, rest } = takeOwn(invocation.arguments);
  const found = readCollectorOptions(rest);
  if ('problems' in found) {
    throw usageFailure('these options of Collector cannot be taken over', {
      fields: found.problems,
      hint: 'Leave them out, or add the registry with `lazaret registries add`.',
    });
  }
  const { address, kind, repositories, settings, notes } = found;
  const { name = nameOf(address), project } = own;
  const body = {
    ...{ name, address, kind, repositories, ...settings },
    ...(project !== undefined && { project }),
  };
  check(add.body, body, []);
  for (const text of notes) await printNote(invocation, `Not needed: ${text}`);
  if (own.isDryRun) return writeOut(invocation, await formatStructured(body, 'yaml'));
  const { client } = await invocation.connect();
  // validated above
  const call = { body } as OperationCall<typeof add>;
  const added = await client.call(add, call, { signal: callTimeout() });
  await writeOut(invocation, `${added.name}\n`);
}

interface OwnFlags {
  readonly name?: string;
  readonly project?: string;
  readonly isDryRun: boolean;
}

/** The flags of this command, which Collector does not have. */
function takeOwn(words: readonly string[]): { own: OwnFlags; rest: string[] } {
  const own: { name?: string; project?: string } = {};
  const rest: string[] = [];
  let isDryRun = false;
  for (let at = 0; at < words.length; at += 1) {
    const [flag = '', ...inline] = (words[at] ?? '').split('=');
    if (flag === '--dry-run') isDryRun = true;
    else if (flag === '--name' || flag === '--project') {
      const value = inline.length > 0 ? inline.join('=') : words[(at += 1)];
      if (value === undefined) throw usageFailure(`${flag}: expected a value after it`);
      own[flag === '--name' ? 'name' : 'project'] = value;
    } else rest.push(words[at] ?? '');
  }
  return { own: { ...own, isDryRun }, rest };
}

/** `registry.lab:5000` as a name. */
function nameOf(address: string): string {
  return address
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replace(/^-+/, '');
}
