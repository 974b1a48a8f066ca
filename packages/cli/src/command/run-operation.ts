/** Runs an operation from the command line: validate, confirm, call, print the response. */
import {
  limits,
  type Client,
  type Operation,
  type OperationCall,
  operationList,
  type Page,
  type operations,
} from '@lazaret/protocol';

import { cliLimits } from '../limits.ts';
import { flagOn, flagText, type CommandRun, type Invocation } from './command.ts';
import { callTimeout } from '../connection/connection.ts';
import { isList, paramsOf, takesSeveral, type CommandOperation } from './derive-command.ts';
import { usageFailure } from '../failure.ts';
import { deriveFlags, readFields, type FieldFlag } from './operation-flags.ts';
import { noteFor, pageOf } from './operation-pages.ts';
import { printItem, printList, printTerminalNote, writeOut } from '../render/print.ts';

/** The command of the named operation. */
export function commandOf(name: string): CommandRun {
  const row = operationList.find((operation) => operation.name === name);
  if (row?.cli === undefined) throw new Error(`no operation ${name} with a command`);
  return (invocation) => runOperation(row as CommandOperation, invocation);
}

async function runOperation(operation: CommandOperation, invocation: Invocation): Promise<void> {
  const fields = deriveFlags(operation);
  const several = takesSeveral(operation);
  const calls = (several ? invocation.arguments : [undefined]).map((target) =>
    buildCall(operation, fields, {
      ...invocation,
      arguments: target === undefined ? invocation.arguments : [target],
    }),
  );
  if (operation.cli.confirm === true) await confirm(operation, invocation);
  const { client } = await invocation.connect();
  if (operation.outputKind === 'events') return printEvents(client, operation, invocation);
  if (isList(operation)) {
    return runList(invocation, operation.cli.columns ?? [], (signal) =>
      readPages(client, operation, { call: calls[0] ?? {}, invocation, signal }),
    );
  }
  for (const [index, call] of calls.entries()) {
    const answer = await client.call(operation, call, { signal: callTimeout() });
    if (operation.outputKind === 'empty') {
      await writeOut(invocation, `${invocation.arguments[index] ?? ''}\n`);
    } else {
      const note = noteFor(operation, answer);
      if (note !== '') await printTerminalNote(invocation, note);
      await printItem(invocation, answer, pageOf(operation, invocation));
    }
  }
}

/** Prints a list once, or with `--watch` repeatedly. */
export async function runList(
  invocation: Invocation,
  columns: readonly string[],
  read: (signal: AbortSignal) => Promise<{ items: readonly unknown[]; more: boolean }>,
): Promise<void> {
  if (flagOn(invocation.flags, 'watch')) {
    const { watchList } = await import('./watch-list.ts');
    return watchList(invocation, columns, async () => (await read(callTimeout())).items);
  }
  const { items, more } = await read(callTimeout());
  await printList(invocation, items, columns);
  if (more)
    await printTerminalNote(
      invocation,
      `More items exist: use --limit ${items.length * 2} or --all.`,
    );
}

/** Validates everything before anything is sent. */
function buildCall(
  operation: CommandOperation,
  fields: readonly FieldFlag[],
  invocation: Invocation,
): OperationCall<Operation> {
  const names = paramsOf(operation);
  const params = Object.fromEntries(names.map((name, at) => [name, invocation.arguments[at]]));
  const positional = Object.fromEntries(
    (operation.cli.positional ?? []).flatMap((name, at) => {
      const value = invocation.arguments[names.length + at];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const given = { ...readFields(fields, invocation.flags), ...positional };
  const isBody = operation.bodyKind === 'json';
  const call = { params, ...(isBody ? { body: given } : { query: given }) };
  check(operation.params, params, fields);
  check(isBody ? operation.body : operation.query, given, fields);
  return call;
}

/** Validates a value; throws a usage failure that names the flags. */
export function check(
  schema: Operation['params'] | Operation['body'],
  value: unknown,
  fields: readonly FieldFlag[],
): void {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return;
  const problems = result.error.issues.map(({ path, message }) => {
    const [first, ...rest] = path.map(String);
    const flag = fields.find(({ field }) => field === first)?.spec.name;
    const name = flag === undefined ? (first ?? '') : `--${flag}`;
    return { path: [name, ...rest].join('.'), message };
  });
  throw usageFailure('invalid value on the command line', { fields: problems });
}

async function confirm(operation: CommandOperation, invocation: Invocation): Promise<void> {
  if (flagOn(invocation.flags, 'yes')) return;
  const { shell } = invocation;
  const what = `lazaret ${operation.cli.command} ${invocation.arguments.join(' ')}`;
  if (!shell.stdin.isTTY || !shell.stderr.isTTY) {
    throw usageFailure(`\`${what}\` needs confirmation, and standard input is not a terminal`, {
      hint: 'Add --yes.',
    });
  }
  const { promptLine } = await import('../terminal/prompt.ts');
  const answer = await promptLine(
    shell,
    `${operation.summary}: ${invocation.arguments.join(', ')}? [y/N] `,
  );
  if (!/^y(es)?$/i.test(answer.trim())) throw usageFailure('cancelled; nothing was changed');
}

async function readPages(
  client: Client,
  operation: CommandOperation,
  how: { call: OperationCall<Operation>; invocation: Invocation; signal: AbortSignal },
): Promise<{ items: readonly unknown[]; more: boolean }> {
  const wanted = readRowCount(how.invocation);
  const items: unknown[] = [];
  let cursor: string | undefined;
  for (;;) {
    const limit = Math.min(wanted - items.length, limits.pageItemsMax);
    const query = { ...(how.call.query as Record<string, unknown>), limit, cursor };
    const page = (await client.call(
      operation,
      { ...how.call, query },
      {
        signal: how.signal,
      },
    )) as Page<unknown>;
    const note = cursor === undefined ? noteFor(operation, page) : '';
    if (note !== '') await printTerminalNote(how.invocation, note);
    items.push(...page.items);
    if (page.next === null) return { items, more: false };
    if (items.length >= wanted || page.items.length === 0) return { items, more: true };
    cursor = page.next;
  }
}

function readRowCount({ flags }: Invocation): number {
  if (flagOn(flags, 'all')) return cliLimits.listRows;
  const text = flagText(flags, 'limit');
  if (text === undefined) return limits.pageItemsDefault;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= cliLimits.listRows) return count;
  throw usageFailure(
    `--limit: expected a number from 1 to ${cliLimits.listRows}, received ${JSON.stringify(text)}`,
  );
}

async function printEvents(
  client: Client,
  operation: CommandOperation,
  invocation: Invocation,
): Promise<void> {
  const { followStream } = await import('../connection/follow-stream.ts');
  const { formatEventLine } = await import('../render/event-line.ts');
  const query = readFields(deriveFlags(operation), invocation.flags);
  const stream = followStream({
    open: (lastEventId, signal) =>
      client.stream(
        operation as typeof operations.events.stream,
        { query },
        {
          signal,
          ...(lastEventId === undefined ? {} : { lastEventId }),
        },
      ),
    signal: new AbortController().signal,
    onLost: (reason) => printTerminalNote(invocation, `${reason}; retrying`),
  });
  for await (const event of stream) {
    await writeOut(invocation, formatEventLine(invocation, event.data));
  }
}
