/** From the command line to an exit code: parsing, settings, running, and how failures end. */
import { CommanderError } from 'commander';

import { buildProgram, type Parsed } from './command/build-program.ts';
import type { Invocation, Settings, Shell } from './command/command.ts';
import { commandTree } from './command/command-list.ts';
import { findCommand, positionalWords, refuseUnknownCommand } from './command/find-command.ts';
import { readSettings } from './command/read-settings.ts';
import { exitCodes } from './exit-code.ts';

/** Runs a command line; returns the exit code and throws nothing. */
export async function runProgram(shell: Shell, argv: readonly string[]): Promise<number> {
  const color = (stream: NodeJS.WriteStream): boolean =>
    stream.isTTY && !shell.environment.noColor && !argv.includes('--no-color');
  try {
    const parsed = await parse(shell, argv, color(shell.stdout));
    if (typeof parsed === 'number') return parsed;
    const settings = readSettings(shell, parsed, {
      stdout: color(shell.stdout),
      stderr: color(shell.stderr),
    });
    if (settings.isEarlierForm && settings.outputFile !== undefined) {
      shell.stderr.write(`note: use --output-file (-O) for a file; --output chooses a format\n`);
    }
    return await runParsed(shell, parsed, settings);
  } catch (error) {
    // the reader of our output has exited, like `head`
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exitCodes.ok.code;
    const { explainFailure } = await import('./render/failure-text.ts');
    const { debug } = shell.environment;
    const { text, exitCode } = explainFailure(error, { color: color(shell.stderr), debug });
    shell.stderr.write(text);
    return exitCode;
  }
}

async function runParsed(shell: Shell, parsed: Parsed, settings: Settings): Promise<number> {
  const { spec } = parsed;
  const { outputFile } = settings;
  const start = async (inside: Shell): Promise<number> => {
    const run = await spec.load();
    const invocation: Invocation = {
      shell: inside,
      settings,
      arguments: parsed.arguments,
      flags: parsed.flags,
      tree: commandTree,
      connect: async () => {
        const { connect } = await import('./connection/connection.ts');
        return connect(shell, settings);
      },
    };
    return (await run(invocation)) ?? exitCodes.ok.code;
  };
  if (outputFile === undefined || spec.ownOutputFile === true) return start(shell);
  const { runIntoFile } = await import('./files/output-file.ts');
  return runIntoFile(shell, outputFile, start);
}

/** `engines` alone means `engines list`, and `help engines add` the help of that command. */
export function withDefaultCommands(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ['--help'];
  if (argv[0] === 'help' && argv.length > 1) return [...argv.slice(1), '--help'];
  const [named] = positionalWords(argv);
  if (named === undefined || !isGroupWithList(named.word)) return argv;
  const next = argv[named.at + 1];
  const isVerb = next !== undefined && !next.startsWith('-');
  if (isVerb || next === '-h' || next === '--help') return argv;
  return [...argv.slice(0, named.at + 1), 'list', ...argv.slice(named.at + 1)];
}

function isGroupWithList(word: string): boolean {
  const { commands, aliases } = commandTree;
  const group = aliases[word] ?? word;
  const isShortcut = commands.some(({ shortcuts }) => shortcuts?.includes(word) === true);
  return !isShortcut && commands.some(({ words }) => words === `${group} list`);
}

/** The command line as parsed, or an exit code when only help was requested. */
async function parse(
  shell: Shell,
  argv: readonly string[],
  color: boolean,
): Promise<Parsed | number> {
  let parsed: Parsed | undefined;
  const words = withGroupNames(withDefaultCommands(argv));
  await refuseUnknownCommand(commandTree, words);
  const [named] = positionalWords(words);
  const { version } = await import('./version.ts');
  const program = buildProgram({
    shell,
    tree: commandTree,
    color,
    version,
    first: named?.word === 'help' ? undefined : named?.word,
    onCommand: (found) => (parsed = found),
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
  }
  if (parsed !== undefined) return parsed;
  program.outputHelp();
  return exitCodes.ok.code;
}

/** `engine list` as `engines list`, and `job list` as `jobs list` though `job ID` is a command. */
function withGroupNames(words: readonly string[]): readonly string[] {
  const { spec, first, second } = findCommand(commandTree, words);
  const [named] = positionalWords(words);
  if (named === undefined || first === undefined) return words;
  const isShortcut =
    spec !== undefined && spec.words !== `${first} ${second}` && spec.words !== first;
  return isShortcut ? words : words.with(named.at, first);
}
