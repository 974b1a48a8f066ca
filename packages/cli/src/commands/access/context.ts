/** `lazaret context`: lists and selects the servers that the user is signed in to. */
import type { Invocation } from '../../command/command.ts';
import { findTarget, localContext, readLocalTarget } from '../../connection/connection.ts';
import { findContext, readContexts, writeContexts } from '../../connection/contexts.ts';
import { Failure } from '../../failure.ts';
import { printList, printNote } from '../../render/print.ts';

/** Marks the context in use; never prints tokens. */
export async function runList(invocation: Invocation): Promise<void> {
  const { shell, settings } = invocation;
  const { list } = await readContexts(shell.environment.configurationDirectory);
  const local = await readLocalTarget(shell);
  const used = await findTarget(shell, settings).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const items = [
    ...list.map(({ name, server, user }) => ({
      name,
      current: used?.source === `context ${name}`,
      server,
      user,
    })),
    ...(local === undefined
      ? []
      : [
          {
            name: localContext,
            current: used?.source === local.source,
            server: local.url,
            // the name of the local user of the server, as shown by `whoami`
            user: 'local',
          },
        ]),
  ];
  await printList(invocation, items, ['name', 'current', 'server', 'user']);
}

export async function runUse(invocation: Invocation): Promise<void> {
  const directory = invocation.shell.environment.configurationDirectory;
  const contexts = await readContexts(directory);
  const name = invocation.arguments[0] ?? '';
  if (name === localContext) {
    await writeContexts(directory, { current: undefined, list: contexts.list });
    await printNote(invocation, 'Switched to the server on this machine');
    return;
  }
  const { server } = findContext(contexts, name);
  await writeContexts(directory, { current: name, list: contexts.list });
  await printNote(invocation, `Switched to context ${name} (${server})`);
}
