/**
 * The command of an operation, derived from its row. `derived-commands.json` keeps what comes out,
 * so that the help needs no schemas; a test holds the two together.
 */
import { operationList, type Operation } from '@lazaret/protocol';

import type { ArgumentSpec, DerivedCommand, FlagSpec } from './command.ts';
import { deriveFlags } from './operation-flags.ts';

/** An operation with a command. */
export type CommandOperation = Operation & { readonly cli: NonNullable<Operation['cli']> };

const listFlags: readonly FlagSpec[] = [
  { name: 'limit', short: 'n', value: 'number', summary: 'How many at most (50)' },
  { name: 'all', summary: 'All of them, not only the first' },
  { name: 'watch', short: 'w', summary: 'Show it anew whenever something changed, until Ctrl-C' },
];
const yesFlag: FlagSpec = { name: 'yes', short: 'y', summary: 'Do not ask before acting' };

/** The operations that have a command. */
export function commandOperations(): readonly CommandOperation[] {
  return operationList.filter((row): row is CommandOperation => row.cli !== undefined);
}

/** The command that an operation's row declares. */
export function deriveCommand(operation: CommandOperation): DerivedCommand {
  return {
    operation: operation.name,
    words: operation.cli.command,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { details: operation.description }),
    arguments: deriveArguments(operation),
    flags: [
      ...deriveFlags(operation).map(({ spec }) => spec),
      ...(isList(operation) ? listFlags : []),
      ...(operation.cli.confirm === true ? [yesFlag] : []),
    ],
  };
}

function deriveArguments(operation: CommandOperation): readonly ArgumentSpec[] {
  const positional = operation.cli.positional ?? [];
  const params = paramsOf(operation);
  const summary = 'Which one';
  return [
    ...params.map((name) => {
      const completes = completionOf(operation);
      return {
        name,
        required: true,
        summary: takesSeveral(operation) ? 'Which ones' : summary,
        ...(takesSeveral(operation) ? { variadic: true } : {}),
        ...(completes === undefined ? {} : { completes }),
      };
    }),
    ...positional.map((name) => ({ name, required: true, summary: `The ${name}` })),
  ];
}

/** The parameters of the path, in order. */
export function paramsOf(operation: Operation): readonly string[] {
  return [...operation.path.matchAll(/:([A-Za-z0-9]+)/g)].map((match) => match[1] ?? '');
}

/** Whether the command takes several identities at once, as `docker rm a b` does. */
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

/** Whether the answer is a page of a list. */
export function isList(operation: Operation): boolean {
  return operation.cli?.columns !== undefined;
}
