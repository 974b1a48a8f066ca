/** `--watch`: a list kept up to date on a terminal, or its changes as they come in a pipe. */
import { setTimeout as sleep } from 'node:timers/promises';

import { limits } from '@lazaret/protocol';

import type { Invocation } from './command.ts';
import { describeTransient } from './follow-stream.ts';
import { valueAt } from './render/cell.ts';
import { identityOf, printList, tellPerson, writeOut } from './render/print.ts';
import { createStyle, widthOf } from './render/style.ts';
import { formatTable } from './render/table.ts';

/** For terminals that say 0. */
const usualRows = 24;

type ReadItems = () => Promise<readonly unknown[]>;

/** Goes on until the process is interrupted. */
export async function watchList(
  invocation: Invocation,
  columns: readonly string[],
  read: ReadItems,
): Promise<void> {
  const isScreen = invocation.shell.stdout.isTTY && invocation.settings.output === 'table';
  const show = isScreen ? createScreen(invocation, columns) : createChanges(invocation, columns);
  for (;;) {
    try {
      await show(await read());
    } catch (error) {
      const reason = describeTransient(error);
      if (reason === undefined) throw error;
      await tellPerson(invocation, `${reason}; trying again`);
    }
    await sleep(limits.cliWatchMs);
  }
}

/** Draws over the whole screen, cut to its height so that nothing scrolls. */
function createScreen(invocation: Invocation, columns: readonly string[]) {
  const { shell, settings } = invocation;
  return async (items: readonly unknown[]): Promise<void> => {
    const rows = Math.max(1, (shell.stdout.rows || usualRows) - 2);
    const table = await formatTable(items.slice(0, rows), {
      columns: settings.columns ?? columns,
      now: shell.now(),
      style: createStyle(settings.color.stdout),
      widthChars: widthOf(shell.stdout),
    });
    await writeOut(invocation, `\u001B[H\u001B[2J${table}`);
  };
}

/** Prints an item when it is new or looks different from before. */
function createChanges(invocation: Invocation, columns: readonly string[]) {
  const seen = new Map<string, string>();
  return async (items: readonly unknown[]): Promise<void> => {
    const changed = items.filter((item) => {
      const look = JSON.stringify(columns.map((column) => valueAt(item, column) ?? null));
      const identity = identityOf(item, columns);
      const isChanged = seen.get(identity) !== look;
      seen.set(identity, look);
      return isChanged;
    });
    for (const gone of [...seen.keys()].slice(0, -limits.cliListRows)) seen.delete(gone);
    // oldest first, since a pipe is read downwards
    if (changed.length > 0) await printList(invocation, changed.toReversed(), columns);
  };
}
