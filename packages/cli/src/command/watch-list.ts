/** `--watch`: a list that is refreshed on a terminal, or printed as it changes in a pipe. */
import { setTimeout as sleep } from 'node:timers/promises';

import { cliLimits } from '../limits.ts';
import type { Invocation } from './command.ts';
import { transientReason } from '../connection/follow-stream.ts';
import { valueAt } from '../render/cell.ts';
import {
  identityOf,
  printList,
  printTerminalNote,
  tableOptions,
  writeOut,
} from '../render/print.ts';
import { formatTable } from '../render/table.ts';

/** For terminals that report 0. */
const usualRows = 24;

type ReadItems = () => Promise<readonly unknown[]>;
type Show = (items: readonly unknown[]) => Promise<void>;

/** Runs until the process is interrupted. */
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
      const reason = transientReason(error);
      if (reason === undefined) throw error;
      await printTerminalNote(invocation, `${reason}; retrying`);
    }
    await sleep(cliLimits.watchMs);
  }
}

/** Redraws the screen, cut to its height so that nothing scrolls. */
function createScreen(invocation: Invocation, columns: readonly string[]): Show {
  const { shell } = invocation;
  return async (items) => {
    const rows = Math.max(1, (shell.stdout.rows || usualRows) - 2);
    const table = drawTable(invocation, columns, items.slice(0, rows));
    await writeOut(invocation, `\u001B[H\u001B[2J${table}`);
  };
}

/** Prints items that are new or have changed. */
function createChanges(invocation: Invocation, columns: readonly string[]): Show {
  const { settings } = invocation;
  let seen = new Map<string, string>();
  let isFirst = true;
  return async (items) => {
    const present = new Map(
      items.map((item) => [
        identityOf(item, columns),
        JSON.stringify(columns.map((column) => valueAt(item, column) ?? null)),
      ]),
    );
    const changed = items.filter((item) => {
      const identity = identityOf(item, columns);
      return seen.get(identity) !== present.get(identity);
    });
    seen = present;
    if (changed.length === 0) return;
    // oldest first, since output of a pipe is appended
    const ordered = changed.toReversed();
    if (settings.quiet || settings.output !== 'table') {
      await printList(invocation, ordered, columns);
    } else {
      const table = drawTable(invocation, columns, ordered);
      await writeOut(invocation, isFirst ? table : table.slice(table.indexOf('\n') + 1));
    }
    isFirst = false;
  };
}

function drawTable(
  invocation: Invocation,
  columns: readonly string[],
  items: readonly unknown[],
): string {
  return formatTable(items, tableOptions(invocation, columns));
}
