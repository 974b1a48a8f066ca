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
import { callByName } from '../connection/call-by-name.ts';
import { callTimeout } from '../connection/connection.ts';
import { isList, paramsOf, takesSeveral, type CommandOperation } from './derive-command.ts';
import { check, nameFields } from './check-values.ts';
import { usageFailure } from '../failure.ts';
import { checkIds, hasIds, namedNounOf, resolveArguments } from './resolve-arguments.ts';
import { itemFields } from './item-fields.ts';
import { chooseColumns } from '../render/choose-columns.ts';
import { deriveFlags, readFields, type FieldFlag } from './operation-flags.ts';
import { pageOf, printNotes } from './operation-pages.ts';
import { printItem, printList, printTerminalNote, writeOut } from '../render/print.ts';

/** The command of the named operation. */
export function commandOf(name: string): CommandRun {
  const row = operationList.find((operation) => operation.name === name);
  if (row?.cli === undefined) throw new Error(`no operation ${name} with a command`);
  return (invocation) => runOperation(row as CommandOperation, invocation);
}

async function runOperation(operation: CommandOperation, invocation: Invocation): Promise<void> {
  const fields = deriveFlags(operation);
  try {
    await callOperation(operation, fields, invocation);
  } catch (error) {
    throw nameFields(error, fields, operation.cli.positional);
  }
}

async function callOperation(
  operation: CommandOperation,
  fields: readonly FieldFlag[],
  invocation: Invocation,
): Promise<void> {
  checkIds(operation, invocation.arguments);
  // a wrong flag is reported before anything is sent
  if (!hasIds(operation)) buildCalls(operation, fields, invocation);
  else check(inputOf(operation), readFields(fields, invocation.flags), fields);
  const columns = columnsOf(operation, invocation);
  if (isList(operation)) readRowCount(invocation);
  const isConfirmed = operation.cli.confirm === true && !flagOn(invocation.flags, 'yes');
  if (isConfirmed) requireTerminal(operation, invocation);
  const { client } = await invocation.connect();
  const given = invocation.arguments;
  const resolved = await resolveArguments(client, operation, { given, isConfirmed });
  if (isConfirmed) await confirm(operation, invocation, resolved);
  const calls = buildCalls(operation, fields, { ...invocation, arguments: resolved });
  if (operation.outputKind === 'events') return printEvents(client, operation, invocation);
  if (isList(operation)) {
    return runList(invocation, columns, async (signal) => {
      const how = { call: calls[0] ?? {}, invocation, signal };
      const found = await readPages(client, operation, how);
      if (found.items.length === 0) await printTerminalNote(invocation, emptyNote(operation));
      return found;
    });
  }
  for (const call of calls) await callAndPrint(client, operation, { call, invocation });
}

/** `No files.`, `No jobs.`, from the words of the command. */
function emptyNote({ cli: { command } }: CommandOperation): string {
  const words = command.split(' ');
  const noun = words.at(-1) === 'list' ? words.at(-2) : words.length > 1 ? words.at(-1) : 'results';
  return `No ${noun}.`;
}

async function callAndPrint(
  client: Client,
  operation: CommandOperation,
  { call, invocation }: { call: OperationCall<Operation>; invocation: Invocation },
): Promise<void> {
  const noun = namedNounOf(operation);
  const { name = '' } = (call.params ?? {}) as Readonly<Record<string, string>>;
  let called = Object.values((call.params ?? {}) as Readonly<Record<string, string>>)[0] ?? '';
  const send = (params: OperationCall<Operation>['params']): Promise<unknown> =>
    client.call(operation, { ...call, params }, { signal: callTimeout() });
  const isExact = noun === undefined || operation.cli.confirm === true;
  const answer = await (isExact
    ? send(call.params)
    : callByName(client, { noun, name }, (whole) => {
        called = whole;
        return send({ ...(call.params as object), name: whole });
      }));
  if (operation.outputKind === 'empty') return writeOut(invocation, `${called}\n`);
  await printNotes(invocation, operation, answer);
  await printItem(invocation, answer, pageOf(operation, invocation));
}

/** One call for each argument of an action, otherwise one for all of them. */
function buildCalls(
  operation: CommandOperation,
  fields: readonly FieldFlag[],
  invocation: Invocation,
): readonly OperationCall<Operation>[] {
  if (!takesSeveral(operation)) return [buildCall(operation, fields, invocation)];
  return invocation.arguments.map((target) =>
    buildCall(operation, fields, { ...invocation, arguments: [target] }),
  );
}

function inputOf(operation: Operation): Operation['query'] | Operation['body'] {
  return operation.bodyKind === 'json' ? operation.body : operation.query;
}

/** The columns of the table; unknown ones are refused before anything is sent. */
function columnsOf(operation: CommandOperation, { settings }: Invocation): readonly string[] {
  const usual = operation.cli.columns ?? [];
  if (settings.columns === undefined) return usual;
  if (usual.length === 0) throw usageFailure('--columns can only be used with lists');
  return chooseColumns(settings.columns, usual, itemFields(operation));
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
    [...(operation.cli.positional ?? []), ...(operation.cli.optionalArguments ?? [])].flatMap(
      (name, at) => {
        const value = invocation.arguments[names.length + at];
        return value === undefined ? [] : [[name, value]];
      },
    ),
  );
  const given = { ...readFields(fields, invocation.flags), ...positional };
  const isBody = operation.bodyKind === 'json';
  const call = { params, ...(isBody ? { body: given } : { query: given }) };
  check(operation.params, params, fields);
  check(inputOf(operation), given, fields);
  return call;
}

function requireTerminal(operation: CommandOperation, invocation: Invocation): void {
  const { shell } = invocation;
  if (shell.stdin.isTTY && shell.stderr.isTTY) return;
  const what = `lazaret ${operation.cli.command} ${invocation.arguments.join(' ')}`.trimEnd();
  throw usageFailure(`\`${what}\` needs confirmation, and standard input is not a terminal`, {
    hint: 'Add --yes.',
  });
}

async function confirm(
  operation: CommandOperation,
  { shell }: Invocation,
  resolved: readonly string[],
): Promise<void> {
  const { promptLine } = await import('../terminal/prompt.ts');
  const what = [operation.summary, resolved.join(', ')].filter((part) => part !== '').join(': ');
  const answer = await promptLine(shell, `${what}? [y/N] `);
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
    if (cursor === undefined) await printNotes(how.invocation, operation, page);
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
