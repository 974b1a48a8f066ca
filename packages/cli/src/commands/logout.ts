/** `lazaret logout`: revokes the token of a context and forgets it. */
import { operations } from '@lazaret/protocol';

import type { Invocation } from '../command.ts';
import { callTimeout, openClient } from '../connection.ts';
import { findContext, readContexts, withoutContext, writeContexts } from '../contexts.ts';
import { usageFailure } from '../failure.ts';
import { tell } from '../render/print.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { shell, settings } = invocation;
  const directory = shell.environment.configurationDirectory;
  const contexts = await readContexts(directory);
  const name = invocation.arguments[0] ?? settings.context ?? contexts.current;
  if (name === undefined) throw usageFailure('you are not signed in anywhere');
  const context = findContext(contexts, name);
  await writeContexts(directory, withoutContext(contexts, name));
  await tell(invocation, `Signed out of ${context.server}`);
  if (context.tokenId === undefined) {
    await tell(invocation, 'The token came from elsewhere and is still valid there.');
    return;
  }
  const client = openClient(shell, { url: context.server, token: context.token });
  try {
    const params = { id: context.tokenId };
    await client.call(operations.access.tokenRevoke, { params }, { signal: callTimeout() });
  } catch (error) {
    await tell(invocation, `Its token could not be revoked: ${(error as Error).message}`);
  }
}
