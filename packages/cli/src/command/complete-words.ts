/** Completions for a partial command line, from the command tree and from the server in use. */
import type {
  ArgumentSpec,
  CommandSpec,
  CommandTree,
  Completes,
  FlagSpec,
  Shell,
} from './command.ts';
import { cliLimits } from '../limits.ts';
import { findCommand, positionalWords, type FoundCommand } from './find-command.ts';
import { flagAwaitingValue, globalFlags, globalFlagsOf } from './global-flags.ts';

/** Words that no shell interprets; others are not offered. */
const safeWord = /^[A-Za-z0-9._:@/+,-]+$/;

/** The context of a completion. */
export interface CompletionContext {
  readonly shell: Shell;
  readonly tree: CommandTree;
}

/** The last word is the one being typed, maybe empty. */
export async function completeWords(
  { shell, tree }: CompletionContext,
  words: readonly string[],
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const found = findCommand(withoutHidden(tree), before);
  const { spec = defaultOf(tree, found), rest } = found;
  const flags = spec === undefined ? globalFlags : [...spec.flags, ...globalFlagsOf(spec)];
  const pending = flagAwaitingValue(flags, before.at(-1));
  if (pending !== undefined)
    return candidatesFor(shell, { words: before, current, wanted: pending });
  if (current.startsWith('-')) return matchingLines(flagWords(flags), current);
  if (spec === undefined || found.spec === undefined) {
    return matchingLines(nextWords(tree, before), current);
  }
  const given = positionalWords(rest, flags).length;
  const wanted = argumentAt(spec, given);
  const offered =
    wanted === undefined ? [] : await candidatesFor(shell, { words: before, current, wanted });
  // a command that is a group as well may be followed by either
  return given === 0 ? [...matchingLines(nextWords(tree, before), current), ...offered] : offered;
}

/** `jobs` alone means `jobs list`, so its flags may follow. */
function defaultOf(tree: CommandTree, { first, second }: FoundCommand): CommandSpec | undefined {
  if (second !== undefined) return undefined;
  return tree.commands.find(({ words }) => words === `${first} list`);
}

function withoutHidden(tree: CommandTree): CommandTree {
  return { ...tree, commands: tree.commands.filter(({ hidden }) => hidden !== true) };
}

function flagWords(flags: readonly FlagSpec[]): readonly string[] {
  return [
    ...flags
      .filter(({ hidden }) => hidden !== true)
      .flatMap(({ name, negatable, summary }) => [
        `--${name}\t${summary}`,
        ...(negatable === true ? [`--no-${name}\t${summary}`] : []),
      ]),
    '--help\tShow help',
  ];
}

function nextWords(tree: CommandTree, before: readonly string[]): readonly string[] {
  const named = positionalWords(before).map(({ word }) => tree.aliases[word] ?? word);
  const { commands, groups } = withoutHidden(tree);
  if (named.length === 0) {
    const groupLines = Object.entries(groups).map(([name, summary]) => `${name}\t${summary}`);
    const lines = commands.flatMap(({ words, shortcuts = [], summary }) =>
      [words, ...shortcuts]
        .filter((name) => !name.includes(' ') && groups[name] === undefined)
        .map((name) => `${name}\t${summary}`),
    );
    return [...lines, ...groupLines, 'help\tShow help for a command'].toSorted();
  }
  return commands
    .filter(({ words }) => named.length === 1 && words.startsWith(`${named[0]} `))
    .map(({ words, summary }) => `${words.split(' ')[1] ?? ''}\t${summary}`);
}

function argumentAt(spec: CommandSpec, index: number): ArgumentSpec | undefined {
  const last = spec.arguments.at(-1);
  return spec.arguments[index] ?? (last?.variadic === true ? last : undefined);
}

async function candidatesFor(
  shell: Shell,
  what: { words: readonly string[]; current: string; wanted: FlagSpec | ArgumentSpec },
): Promise<readonly string[]> {
  const { words, current, wanted } = what;
  const { choices } = wanted as FlagSpec;
  if (choices !== undefined) return matchingLines(choices, current);
  if (wanted.name === 'shell') return matchingLines(['bash', 'zsh', 'fish'], current);
  if (wanted.completes === 'file' || wanted.completes === 'directory')
    return [`:${wanted.completes}`];
  if (wanted.completes === undefined) return [];
  const lines = await fetchCandidates(shell, words, wanted.completes);
  const isList = (wanted as ArgumentSpec).list === true;
  return matchingLines(isList ? continueList(lines, current) : lines, current);
}

/** Candidates for the value after the last comma; those before it are not offered again. */
function continueList(lines: readonly string[], current: string): readonly string[] {
  const given = current.split(',').slice(0, -1);
  return lines
    .filter((line) => !given.includes(line.split('\t')[0] ?? ''))
    .map((line) => [...given, line].join(','));
}

/** Asks the server, and offers nothing when it does not answer quickly. */
async function fetchCandidates(
  shell: Shell,
  words: readonly string[],
  what: Exclude<Completes, 'file' | 'directory'>,
): Promise<readonly string[]> {
  const { operations } = await import('@lazaret/protocol');
  const { connect, localContext } = await import('../connection/connection.ts');
  if (what === 'context') {
    const { readContexts } = await import('../connection/contexts.ts');
    const { list } = await readContexts(shell.environment.configurationDirectory);
    return [...list.map(({ name, server }) => `${name}\t${server}`), localContext];
  }
  const valueOf = (flag: string): string | undefined => {
    const at = words.lastIndexOf(`--${flag}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const settings = {
    server: valueOf('server'),
    token: valueOf('token'),
    context: valueOf('context'),
    output: 'table',
    format: 'table',
    wide: false,
    outputFile: undefined,
    quiet: true,
    columns: undefined,
    color: { stdout: false, stderr: false },
  } as const;
  const signal = AbortSignal.timeout(cliLimits.completionMs);
  try {
    const { client } = await connect(shell, settings);
    const query = { limit: cliLimits.completionItems };
    if (what === 'engine') {
      const { items } = await client.call(operations.engines.list, { query }, { signal });
      return items.map(({ name, description }) => `${name}\t${oneLine(description)}`);
    }
    const { items } = await client.call(operations.jobs.list, { query }, { signal });
    return items.map(({ id, engine, state, inputs }) => {
      return `${id}\t${engine} ${state} ${oneLine(inputs[0]?.name ?? '')}`;
    });
  } catch {
    // a completion cannot report an error: the shell beeps
    return [];
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 60);
}

function matchingLines(lines: readonly string[], current: string): readonly string[] {
  return lines.filter((line) => {
    const word = line.split('\t')[0] ?? '';
    return word.startsWith(current) && safeWord.test(word);
  });
}
