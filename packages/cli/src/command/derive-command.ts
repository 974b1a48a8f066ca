/**
 * The command of an operation, derived from its row. `derived-commands.json` stores the result, so
 * that the help needs no schemas; a test compares the two.
 */
import { operationList, type Operation } from '@lazaret/protocol';
import { kebabCase } from './flag-names.ts';

import type { ArgumentSpec, DerivedCommand, FlagSpec } from './command.ts';
import { deriveFlags } from './operation-flags.ts';

/** An operation with a command. */
export type CommandOperation = Operation & { readonly cli: NonNullable<Operation['cli']> };

const listFlags: readonly FlagSpec[] = [
  { name: 'limit', short: 'n', value: 'number', summary: 'Maximum number of items (default 50)' },
  { name: 'all', summary: 'All items' },
  { name: 'watch', short: 'w', summary: 'Watch for changes until Ctrl-C' },
];
const yesFlag: FlagSpec = { name: 'yes', short: 'y', summary: 'Do not ask for confirmation' };

/** The operations that have a command. */
export function commandOperations(): readonly CommandOperation[] {
  return operationList.filter((row): row is CommandOperation => row.cli !== undefined);
}

/** The command that an operation's row declares. */
export function deriveCommand(operation: CommandOperation): DerivedCommand {
  return {
    operation: operation.name,
    words: operation.cli.command,
    ...(operation.cli.shortcuts === undefined ? {} : { shortcuts: operation.cli.shortcuts }),
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { details: operation.description }),
    arguments: deriveArguments(operation),
    ...(operation.outputKind === 'events' ? { endless: true } : {}),
    flags: [
      ...deriveFlags(operation).map(({ spec }) => spec),
      ...(isList(operation) ? listFlags : []),
      ...(operation.cli.confirm === true ? [yesFlag] : []),
    ],
  };
}

function deriveArguments(operation: CommandOperation): readonly ArgumentSpec[] {
  const positional = operation.cli.positional ?? [];
  const completes = completionOf(operation);
  const several = takesSeveral(operation);
  return [
    ...paramsOf(operation).map((name) => ({
      name,
      required: true,
      summary: summaryOf(operation, name),
      ...(several ? { variadic: true } : {}),
      ...(completes === undefined ? {} : { completes }),
    })),
    ...positional.map((name) => ({
      name,
      required: !isOptional(operation, name),
      summary: capitalized(name),
    })),
    ...(operation.cli.optionalArguments ?? []).map((name) => ({
      name,
      required: false,
      summary: `The same as --${kebabCase(name)}`,
    })),
  ];
}

/** `ID of the job`, `Name of the engine`, `Digest or name of the image`. */
function summaryOf(operation: CommandOperation, param: string): string {
  const own = (operation.name.split('.')[0] ?? '').replace(/s$/, '');
  const noun = param === 'digest' ? 'image' : own;
  const labels: Readonly<Record<string, string>> = { id: 'ID', digest: 'Digest or name' };
  return `${labels[param] ?? capitalized(param)} of the ${noun}`;
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Whether the field of the query or body is optional. */
function isOptional({ query, body }: Operation, name: string): boolean {
  const without = [query, body].flatMap((schema) => schema?.safeParse({}).error?.issues ?? []);
  return !without.some(({ path }) => path[0] === name);
}

/** The parameters of the path, in order. */
export function paramsOf(operation: Operation): readonly string[] {
  return [...operation.path.matchAll(/:([A-Za-z0-9]+)/g)].map((match) => match[1] ?? '');
}

/** Whether the command accepts several IDs or names, like `docker rm a b`. */
export function takesSeveral(operation: CommandOperation): boolean {
  const isAction = operation.method === 'DELETE' || operation.method === 'POST';
  const isAlone = paramsOf(operation).length === 1 && operation.cli.positional === undefined;
  return isAction && isAlone;
}

function completionOf(operation: Operation): 'engine' | 'job' | undefined {
  const noun = operation.name.split('.')[0];
  if (noun === 'engines') return 'engine';
  return noun === 'jobs' ? 'job' : undefined;
}

/** Whether the response is a page of a list. */
export function isList(operation: Operation): boolean {
  return operation.cli?.columns !== undefined;
}
