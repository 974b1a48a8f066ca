/** Finds the command of a command line; unknown words are refused. */
import type { CommandSpec, CommandTree } from './command.ts';
import { usageFailure } from '../failure.ts';
import { flagAwaitingValue, globalFlags } from './global-flags.ts';

export interface FoundCommand {
  readonly spec: CommandSpec | undefined;
  /** The words after the name of the command. */
  readonly rest: readonly string[];
  /** First word of the command line that is not a flag, with aliases resolved. */
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** Words that are neither flags nor values of global flags. */
export function positionalWords(
  words: readonly string[],
  flags = globalFlags,
): readonly { readonly word: string; readonly at: number }[] {
  return words
    .map((word, at) => ({ word, at }))
    .filter(
      ({ word, at }) =>
        !word.startsWith('-') && flagAwaitingValue(flags, words[at - 1]) === undefined,
    );
}

/** The command by its words or by a shortcut; two words take precedence over one. */
export function findCommand(tree: CommandTree, words: readonly string[]): FoundCommand {
  const [one, two] = positionalWords(words);
  const resolve = (word: string | undefined): string | undefined =>
    word === undefined ? undefined : (tree.aliases[word] ?? word);
  const [first, second] = [resolve(one?.word), resolve(two?.word)];
  const restAfter = (at: number | undefined): readonly string[] => words.slice((at ?? -1) + 1);
  const long = tree.commands.find((spec) => spec.words === `${first} ${second}`);
  if (long !== undefined) return { spec: long, rest: restAfter(two?.at), first, second };
  const short = tree.commands.find(
    (spec) => spec.words === first || spec.shortcuts?.includes(one?.word ?? '') === true,
  );
  return { spec: short, rest: short === undefined ? words : restAfter(one?.at), first, second };
}

/** Throws a usage failure that names the nearest command. `--help` does not make it less wrong. */
export async function refuseUnknownCommand(
  tree: CommandTree,
  words: readonly string[],
): Promise<void> {
  const { spec, first, second } = findCommand(tree, words);
  if (spec !== undefined || first === undefined || first === 'help') return;
  const names = tree.commands
    .filter(({ hidden }) => hidden !== true)
    .flatMap((one) => [one.words, ...(one.shortcuts ?? [])]);
  const verbs = names.filter((name) => name.startsWith(`${first} `));
  if (verbs.length === 0) {
    const firstWords = [...new Set(names.map((name) => name.split(' ')[0] ?? ''))];
    const isVerb = names.filter((name) => name.split(' ')[1] === first).length === 1;
    throw await unknownCommand(first, isVerb ? names : firstWords, 'lazaret --help');
  }
  if (second === undefined) return;
  throw await unknownCommand(`${first} ${second}`, verbs, `lazaret ${first} --help`);
}

/** The only command with that verb, or the only one of the group. */
function relatedCommand(given: string, known: readonly string[]): string | undefined {
  const verb = given.split(' ').at(-1);
  const sameVerb = known.filter((name) => name.split(' ')[1] === verb);
  if (sameVerb.length === 1) return sameVerb[0];
  return known.length === 1 ? known[0] : undefined;
}

async function unknownCommand(
  given: string,
  known: readonly string[],
  help: string,
): Promise<Error> {
  // only here, since the package takes a while to load
  const { nearestName } = await import('@lazaret/protocol');
  const nearest = nearestName(given, known) ?? relatedCommand(given, known);
  const question = nearest === undefined ? '' : `Did you mean \`lazaret ${nearest}\`? `;
  return usageFailure(`unknown command ${JSON.stringify(`lazaret ${given}`)}`, {
    hint: `${question}\`${help}\` lists the commands.`,
  });
}
