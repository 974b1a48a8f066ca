/** `lazaret logout`: revokes the token of a context and deletes the context. */
import { operations } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callTimeout, openClient } from '../../connection/connection.ts';
import {
  findContext,
  readContexts,
  withoutContext,
  writeContexts,
} from '../../connection/contexts.ts';
import { usageFailure } from '../../failure.ts';
import { printNote } from '../../render/print.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { shell, settings } = invocation;
  const directory = shell.environment.configurationDirectory;
  const contexts = await readContexts(directory);
  const name = invocation.arguments[0] ?? settings.context ?? contexts.current;
  if (name === undefined) throw usageFailure('not signed in');
  const context = findContext(contexts, name);
  await writeContexts(directory, withoutContext(contexts, name));
  await printNote(invocation, `Signed out of ${context.server}`);
  if (context.tokenId === undefined) {
    await printNote(invocation, 'The token was not created by `lazaret login` and remains valid.');
    return;
  }
  const client = openClient(shell, { url: context.server, token: context.token });
  try {
    const params = { id: context.tokenId };
    await client.call(operations.access.tokenRevoke, { params }, { signal: callTimeout() });
  } catch (error) {
    await printNote(invocation, `The token could not be revoked: ${(error as Error).message}`);
  }
}
