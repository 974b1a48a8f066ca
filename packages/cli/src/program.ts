/** From the command line to an exit code: the command tree, its help, and how failures end. */
import { Argument, Command, CommanderError, Option, type Help } from 'commander';

import {
  outputFormats,
  type ArgumentSpec,
  type CommandSpec,
  type FlagSpec,
  type Flags,
  type OutputFormat,
  type Settings,
  type Shell,
} from './command.ts';
import { commandGroups, commandList, groupSummaries, wordAliases } from './command-list.ts';
import { exitCodes } from './exit-code.ts';
import { usageFailure } from './failure.ts';
import { attributeOf } from './flag-names.ts';
import { createStyle, widthOf } from './render/style.ts';

export const globalFlags: readonly FlagSpec[] = [
  {
    name: 'output',
    short: 'o',
    value: 'format',
    choices: outputFormats,
    summary: 'How to show the answer (table)',
  },
  { name: 'columns', value: 'names', summary: 'Columns of a table, separated by commas' },
  { name: 'quiet', short: 'q', summary: 'Print identities only, and no remarks' },
  { name: 'server', value: 'url', summary: 'The server to talk to' },
  {
    name: 'token',
    value: 'token',
    summary: 'The API token to use; LAZARET_TOKEN keeps it out of sight',
  },
  {
    name: 'context',
    value: 'name',
    summary: 'The server to talk to, by its name',
    completes: 'context',
  },
  { name: 'no-color', summary: 'No colours' },
];

interface Parsed {
  readonly spec: CommandSpec;
  readonly arguments: readonly string[];
  readonly flags: Flags;
}

/** Runs a command line; answers the exit code and throws nothing. */
export async function runProgram(shell: Shell, argv: readonly string[]): Promise<number> {
  const color = (stream: NodeJS.WriteStream): boolean =>
    stream.isTTY && !shell.environment.plain && !argv.includes('--no-color');
  try {
    const parsed = await parse(shell, argv, color(shell.stdout));
    if (typeof parsed === 'number') return parsed;
    const settings = readSettings(shell, parsed, {
      stdout: color(shell.stdout),
      stderr: color(shell.stderr),
    });
    const run = await parsed.spec.load();
    const exitCode = await run({
      shell,
      settings,
      arguments: parsed.arguments,
      flags: parsed.flags,
      connect: async () => {
        const { connect } = await import('./connection.ts');
        return connect(shell, settings);
      },
    });
    return exitCode ?? exitCodes.ok.code;
  } catch (error) {
    // whoever read our output has gone, as `head` does
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exitCodes.ok.code;
    const { explainFailure } = await import('./render/failure-text.ts');
    const { debug } = shell.environment;
    const { text, exitCode } = explainFailure(error, { color: color(shell.stderr), debug });
    shell.stderr.write(text);
    return exitCode;
  }
}

/** `engines` alone means `engines list`, and `help engines add` the help of that command. */
export function withDefaultCommands(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ['--help'];
  if (argv[0] === 'help' && argv.length > 1) return [...argv.slice(1), '--help'];
  const at = argv.findIndex((word) => !word.startsWith('-'));
  const word = argv[at];
  const next = argv[at + 1];
  if (word === undefined || (next !== undefined && !next.startsWith('-'))) return argv;
  if (next === '-h' || next === '--help') return argv;
  const group = wordAliases[word] ?? word;
  const hasList = commandList.some(({ words }) => words === `${group} list`);
  return hasList ? [...argv.slice(0, at + 1), 'list', ...argv.slice(at + 1)] : argv;
}

/** The command that was meant, or an exit code when the help was all that was asked for. */
async function parse(
  shell: Shell,
  argv: readonly string[],
  color: boolean,
): Promise<Parsed | number> {
  let parsed: Parsed | undefined;
  const words = withDefaultCommands(argv);
  const program = await buildProgram(shell, {
    color,
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

interface BuildOptions {
  readonly color: boolean;
  readonly onCommand: (parsed: Parsed) => void;
}

async function buildProgram(shell: Shell, options: BuildOptions): Promise<Command> {
  const program = new Command('lazaret');
  const { version } = await import('./version.ts');
  configure(program, shell, options.color)
    .description('Lazaret: a quarantine station for containers')
    .usage('COMMAND [options]')
    .version(version, '--version', 'Print the version')
    .enablePositionalOptions()
    .helpCommand('help [command...]', 'Explain a command')
    .addHelpText('after', rootHelp);
  addFlags(program, globalFlags);
  const groups = new Map<string, Command>();
  for (const spec of commandList) {
    const [first = '', second] = spec.words.split(' ');
    const command = commandOf(program, groups, { first, second, spec });
    addCommand(configure(command, shell, options.color), spec, options);
  }
  for (const group of groups.values()) configure(group, shell, options.color);
  return program;
}

/** A new command, or the group itself when it does something without a further word. */
function commandOf(
  program: Command,
  groups: Map<string, Command>,
  { first, second, spec }: { first: string; second: string | undefined; spec: CommandSpec },
): Command {
  if (second !== undefined) return groupCommand(program, groups, { first, spec }).command(second);
  if (groupSummaries[first] === undefined) return program.command(first);
  const names = spec.arguments.map(({ name }) => `<${name}>`).join(' ');
  return groupCommand(program, groups, { first, spec })
    .usage(`[options] ${names}`)
    .enablePositionalOptions();
}

function groupCommand(
  program: Command,
  groups: Map<string, Command>,
  { first, spec }: { first: string; spec: CommandSpec },
): Command {
  const known = groups.get(first);
  if (known !== undefined) return known;
  const group = program
    .command(first)
    .description(groupSummaries[first] ?? '')
    .usage('COMMAND [options]')
    .helpGroup(`${spec.group}:`);
  for (const [alias, name] of Object.entries(wordAliases)) if (name === first) group.alias(alias);
  groups.set(first, group);
  return group;
}

function addCommand(command: Command, spec: CommandSpec, options: BuildOptions): void {
  command
    .summary(spec.summary)
    .description([spec.summary, spec.details].filter((text) => text !== undefined).join('.\n\n'));
  if (spec.hidden === true) (command as Command & { _hidden: boolean })._hidden = true;
  command.helpGroup(spec.words.includes(' ') ? 'Commands:' : `${spec.group}:`);
  for (const [alias, name] of Object.entries(wordAliases)) {
    if (spec.words.split(' ')[1] === name) command.alias(alias);
  }
  for (const argument of spec.arguments) command.addArgument(toArgument(argument));
  if (spec.raw === true) {
    command.allowUnknownOption().passThroughOptions().helpOption(false);
  } else {
    addFlags(command, spec.flags);
    addFlags(command.optionsGroup('Options of every command:'), globalFlagsOf(spec));
  }
  if (spec.examples !== undefined) {
    const lines = spec.examples.map((line) => `  ${line}`).join('\n');
    command.addHelpText('after', `\nExamples:\n${lines}`);
  }
  command.action(() => {
    const values: unknown[] = command.processedArgs.flat();
    const given = values.filter((value) => typeof value === 'string');
    options.onCommand({ spec, arguments: given, flags: gatherFlags(command, spec) });
  });
}

/** Flags may stand before the command as well; those after it count more. */
function gatherFlags(command: Command, spec: CommandSpec): Flags {
  const before = { ...command.parent?.optsWithGlobals() };
  const own = new Set(spec.flags.map(({ name }) => attributeOf(name)));
  const inherited = Object.entries(before).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(inherited), ...command.opts() };
}

/** The flags of every command, without those that the command means otherwise. */
export function globalFlagsOf(spec: CommandSpec): readonly FlagSpec[] {
  const own = new Set(spec.flags.map(({ name }) => name));
  return globalFlags.filter(({ name }) => !own.has(name));
}

function addFlags(command: Command, flags: readonly FlagSpec[]): void {
  for (const flag of flags) {
    for (const option of toOptions(flag)) command.addOption(option);
  }
}

function toOptions(flag: FlagSpec): readonly Option[] {
  const value = flag.value === undefined ? '' : ` <${flag.value}>`;
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const option = new Option(`${short}--${flag.name}${value}`, flag.summary);
  if (flag.hidden === true) option.hideHelp();
  if (flag.choices !== undefined) {
    option.choices([...flag.choices]);
    const check = option.parseArg;
    // the derived lists take several words in one value, which the schema checks
    if (flag.repeatable === true) option.argParser(collect);
    else if (check !== undefined) option.argParser(check);
  } else if (flag.repeatable === true) {
    option.argParser(collect);
  }
  if (flag.negatable !== true) return [option];
  return [option, new Option(`--no-${flag.name}`).hideHelp()];
}

function collect(value: string, previous: unknown): string[] {
  return [...(Array.isArray(previous) ? (previous as string[]) : []), value];
}

function toArgument({ name, required, variadic, summary }: ArgumentSpec): Argument {
  const text = variadic === true ? `${name}...` : name;
  return new Argument(required ? `<${text}>` : `[${text}]`, summary);
}

function configure(command: Command, shell: Shell, color: boolean): Command {
  const style = createStyle(color);
  return command
    .exitOverride()
    .helpOption('-h, --help', 'Explain the command')
    .showSuggestionAfterError()
    .showHelpAfterError('hint: --help explains the command')
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      getOutHasColors: () => color,
      getErrHasColors: () => color,
      getOutHelpWidth: () => widthOf(shell.stdout) ?? 100,
      getErrHelpWidth: () => widthOf(shell.stderr) ?? 100,
    })
    .configureHelp({
      styleTitle: (text) => style('bold', text),
      subcommandTerm: (subcommand) => subcommand.name(),
      sortSubcommands: false,
    } satisfies Partial<Help>);
}

function rootHelp(): string {
  return `
Examples:
  lazaret up                                    Start everything on this machine
  lazaret submit apktool sample.apk --wait      Analyse a file and wait for the end
  lazaret submit strings - < sample.bin         Take the file from standard input
  lazaret logs -f JOB                           Follow the log of a job
  lazaret result JOB -o result.zip              Fetch the result
  lazaret jobs --state failed -o json           List jobs for a program
  lazaret inspect image.tar                     Look inside an image, without a server

Exit codes: ${Object.values(exitCodes)
    .map(({ code }) => code)
    .join(', ')}; docs/cli.md says what each means.
Groups of commands: ${commandGroups.join(', ')}.`;
}

function readSettings(shell: Shell, { spec, flags }: Parsed, color: Settings['color']): Settings {
  const text = (name: string): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const format = spec.ownOutput === true ? undefined : (text('output') ?? shell.environment.output);
  const output = format ?? 'table';
  if (!(outputFormats as readonly string[]).includes(output)) {
    throw usageFailure(
      `LAZARET_OUTPUT: expected ${outputFormats.join(', ')}, received ${JSON.stringify(output)}`,
    );
  }
  const columns = text('columns')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    server: text('server'),
    token: text('token'),
    context: text('context'),
    output: output as OutputFormat,
    quiet: flags['quiet'] === true,
    columns: columns === undefined || columns.length === 0 ? undefined : columns,
    color,
  };
}
