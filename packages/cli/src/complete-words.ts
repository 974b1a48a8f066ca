/** What may follow the words of a command line, from the command tree and from a server nearby. */
import type { ArgumentSpec, CommandSpec, Completes, FlagSpec, Shell } from './command.ts';
import { commandList, groupSummaries, wordAliases } from './command-list.ts';
import { globalFlags, globalFlagsOf } from './program.ts';

/** A word that a shell takes as it is; anything else is not offered. */
const safeWord = /^[A-Za-z0-9._:@/+-]+$/;

/** The last word is the one being typed, maybe empty. */
export async function completeWords(
  shell: Shell,
  words: readonly string[],
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { spec, rest } = findSpec(before);
  const flags = spec === undefined ? globalFlags : [...spec.flags, ...globalFlagsOf(spec)];
  const pending = pendingFlag(flags, before.at(-1));
  if (pending !== undefined) return offer(shell, { words: before, current, wanted: pending });
  if (current.startsWith('-')) return matching(flagWords(flags), current);
  if (spec === undefined) return matching(nextWords(before), current);
  const given = countPositional(flags, rest);
  const wanted = argumentAt(spec, given);
  const offered =
    wanted === undefined ? [] : await offer(shell, { words: before, current, wanted });
  // a command that is a group as well may be followed by either
  return given === 0 ? [...matching(nextWords(before), current), ...offered] : offered;
}

/** The command that the words name, and what follows its name. */
function findSpec(words: readonly string[]): {
  spec: CommandSpec | undefined;
  rest: readonly string[];
} {
  const named = positions(globalFlags, words);
  const [first, second] = named.map(({ word }) => wordAliases[word] ?? word);
  const visible = commandList.filter(({ hidden }) => hidden !== true);
  const two = visible.find((spec) => spec.words === `${first} ${second}`);
  if (two !== undefined) return { spec: two, rest: words.slice((named[1]?.at ?? 0) + 1) };
  const one = visible.find((spec) => spec.words === first);
  return { spec: one, rest: one === undefined ? words : words.slice((named[0]?.at ?? 0) + 1) };
}

/** The words that are neither flags nor the values of flags. */
function positions(
  flags: readonly FlagSpec[],
  words: readonly string[],
): readonly { word: string; at: number }[] {
  return words
    .map((word, at) => ({ word, at }))
    .filter(
      ({ word, at }) => !word.startsWith('-') && pendingFlag(flags, words[at - 1]) === undefined,
    );
}

function countPositional(flags: readonly FlagSpec[], words: readonly string[]): number {
  return positions(flags, words).length;
}

/** The flag whose value the next word is. */
function pendingFlag(flags: readonly FlagSpec[], word: string | undefined): FlagSpec | undefined {
  if (word === undefined || !word.startsWith('-')) return undefined;
  return flags.find(
    ({ name, short, value }) =>
      value !== undefined && (word === `--${name}` || word === `-${short}`),
  );
}

function flagWords(flags: readonly FlagSpec[]): readonly string[] {
  return [
    ...flags
      .filter(({ hidden }) => hidden !== true)
      .flatMap(({ name, negatable, summary }) => [
        `--${name}\t${summary}`,
        ...(negatable === true ? [`--no-${name}\t${summary}`] : []),
      ]),
    '--help\tExplain the command',
  ];
}

function nextWords(before: readonly string[]): readonly string[] {
  const named = positions(globalFlags, before).map(({ word }) => wordAliases[word] ?? word);
  const visible = commandList.filter(({ hidden }) => hidden !== true);
  if (named.length === 0) {
    const groups = Object.entries(groupSummaries).map(([name, summary]) => `${name}\t${summary}`);
    const commands = visible
      .filter(({ words }) => !words.includes(' '))
      .map(({ words, summary }) => `${words}\t${summary}`);
    return [...commands, ...groups, 'help\tExplain a command'].toSorted();
  }
  return visible
    .filter(({ words }) => named.length === 1 && words.startsWith(`${named[0]} `))
    .map(({ words, summary }) => `${words.split(' ')[1] ?? ''}\t${summary}`);
}

function argumentAt(spec: CommandSpec, index: number): ArgumentSpec | undefined {
  const last = spec.arguments.at(-1);
  return spec.arguments[index] ?? (last?.variadic === true ? last : undefined);
}

async function offer(
  shell: Shell,
  what: { words: readonly string[]; current: string; wanted: FlagSpec | ArgumentSpec },
): Promise<readonly string[]> {
  const { words, current, wanted } = what;
  const { choices } = wanted as FlagSpec;
  if (choices !== undefined) return matching(choices, current);
  if (wanted.name === 'shell') return matching(['bash', 'zsh', 'fish'], current);
  if (wanted.completes === 'file' || wanted.completes === 'directory')
    return [`:${wanted.completes}`];
  if (wanted.completes === undefined) return [];
  return matching(await lookUp(shell, words, wanted.completes), current);
}

/** Asks the server, and offers nothing when it does not answer at once. */
async function lookUp(
  shell: Shell,
  words: readonly string[],
  what: Exclude<Completes, 'file' | 'directory'>,
): Promise<readonly string[]> {
  const { limits, operations } = await import('@lazaret/protocol');
  const { connect, localContext } = await import('./connection.ts');
  if (what === 'context') {
    const { readContexts } = await import('./contexts.ts');
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
    quiet: true,
    columns: undefined,
    color: { stdout: false, stderr: false },
  } as const;
  const signal = AbortSignal.timeout(limits.cliCompletionMs);
  try {
    const { client } = await connect(shell, settings);
    const query = { limit: limits.cliCompletionItems };
    if (what === 'engine') {
      const { items } = await client.call(operations.engines.list, { query }, { signal });
      return items.map(({ name, description }) => `${name}\t${oneLine(description)}`);
    }
    const { items } = await client.call(operations.jobs.list, { query }, { signal });
    return items.map(({ id, engine, state, inputs }) => {
      return `${id}\t${engine} ${state} ${oneLine(inputs[0]?.name ?? '')}`;
    });
  } catch {
    // completion has nobody to tell: a shell that beeps is the whole answer
    return [];
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 60);
}

function matching(lines: readonly string[], current: string): readonly string[] {
  return lines.filter((line) => {
    const word = line.split('\t')[0] ?? '';
    return word.startsWith(current) && safeWord.test(word);
  });
}
