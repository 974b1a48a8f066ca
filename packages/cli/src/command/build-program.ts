/** The command tree as commander parses and explains it. */
import { Argument, Command, Option, type Help } from 'commander';

import { exitCodes } from '../exit-code.ts';
import { createStyle, widthOf } from '../render/style.ts';
import type { ArgumentSpec, CommandSpec, CommandTree, FlagSpec, Flags, Shell } from './command.ts';
import { commandGroups } from './command-list.ts';
import { attributeOf } from './flag-names.ts';
import { globalFlags, globalFlagsOf } from './global-flags.ts';

/** A command line as parsed: the command, its arguments and flags. */
export interface Parsed {
  readonly spec: CommandSpec;
  readonly arguments: readonly string[];
  readonly flags: Flags;
}

export interface BuildOptions {
  readonly shell: Shell;
  readonly tree: CommandTree;
  readonly color: boolean;
  readonly version: string;
  /** First word of the command line: only its commands are built, all of them without one. */
  readonly first: string | undefined;
  readonly onCommand: (parsed: Parsed) => void;
}

/** Builds only the required commands: building all of them takes longer than running most. */
export function buildProgram(options: BuildOptions): Command {
  const { tree, first } = options;
  const program = new Command('lazaret');
  configure(program, options)
    .description('Lazaret: a quarantine station for containers')
    .usage('COMMAND [options]')
    .version(options.version, '--version', 'Print the version')
    .enablePositionalOptions()
    .helpCommand('help [command...]', 'Show help for a command')
    .addHelpText('after', rootHelp);
  addFlags(program, globalFlags);
  const groups = new Map<string, Command>();
  const names = tree.commands.flatMap((spec) =>
    [spec.words, ...(spec.shortcuts ?? [])].map((name) => ({ name, spec })),
  );
  for (const { name, spec } of names) {
    if (first !== undefined && name.split(' ')[0] !== first) continue;
    const command = commandOf(program, groups, { name, spec, tree });
    addCommand(configure(command, options), { name, spec }, options);
  }
  for (const group of groups.values()) configure(group, options);
  return program;
}

interface Named {
  readonly name: string;
  readonly spec: CommandSpec;
}

/** A new command, or the group itself when it also runs without a further word. */
function commandOf(
  program: Command,
  groups: Map<string, Command>,
  { name, spec, tree }: Named & { readonly tree: CommandTree },
): Command {
  const [first = '', second] = name.split(' ');
  const group = (): Command => groupCommand(program, groups, { first, spec, tree });
  if (second !== undefined) return group().command(second);
  if (tree.groups[first] === undefined) return program.command(first);
  const names = spec.arguments.map((argument) => `<${argument.name}>`).join(' ');
  return group().usage(`[options] ${names}`).enablePositionalOptions();
}

function groupCommand(
  program: Command,
  groups: Map<string, Command>,
  { first, spec, tree }: { first: string; spec: CommandSpec; tree: CommandTree },
): Command {
  const known = groups.get(first);
  if (known !== undefined) return known;
  const group = program
    .command(first)
    .description(tree.groups[first] ?? '')
    .usage('COMMAND [options]')
    .helpGroup(`${spec.group}:`);
  groups.set(first, group);
  return group;
}

function addCommand(command: Command, { name, spec }: Named, options: BuildOptions): void {
  command
    .summary(spec.summary)
    .description([spec.summary, spec.details].filter((text) => text !== undefined).join('.\n\n'));
  if (spec.hidden === true) (command as Command & { _hidden: boolean })._hidden = true;
  const [, verb] = name.split(' ');
  command.helpGroup(verb === undefined ? `${spec.group}:` : 'Commands:');
  if (verb !== undefined) {
    for (const [alias, word] of Object.entries(options.tree.aliases)) {
      if (word === verb) command.alias(alias);
    }
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

/** Flags may also precede the command; those after it take precedence. */
function gatherFlags(command: Command, spec: CommandSpec): Flags {
  const before = { ...command.parent?.optsWithGlobals() };
  const own = new Set(spec.flags.map(({ name }) => attributeOf(name)));
  const inherited = Object.entries(before).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(inherited), ...command.opts() };
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
    // a wrong format is refused with a hint about files; see read-settings.ts
    else if (flag.name === 'output') option.argParser((text: string) => text);
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

/** As wide as help is on a terminal of the usual width. */
const pipedHelpChars = 80;

function configure(command: Command, { shell, color }: BuildOptions): Command {
  const style = createStyle(color);
  return command
    .exitOverride()
    .helpOption('-h, --help', 'Show help')
    .showSuggestionAfterError()
    .showHelpAfterError('hint: --help shows the options of the command')
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      getOutHasColors: () => color,
      getErrHasColors: () => color,
      getOutHelpWidth: () => widthOf(shell.stdout) ?? pipedHelpChars,
      getErrHelpWidth: () => widthOf(shell.stderr) ?? pipedHelpChars,
    })
    .configureHelp({
      styleTitle: (text) => style('bold', text),
      subcommandTerm: (subcommand) => subcommand.name(),
      sortSubcommands: false,
      // long flags leave less than the 40 columns that commander wraps at least
      minWidthToWrap: 20,
    } satisfies Partial<Help>);
}

function rootHelp(): string {
  return `
Examples:
  lazaret up                                    Start everything on this machine
  lazaret submit apktool sample.apk --wait      Analyze a file and wait for the end
  lazaret submit strings - < sample.bin         Read the file from standard input
  lazaret logs -f JOB                           Follow the log of a job
  lazaret result JOB -O result.zip              Save the result to a file
  lazaret jobs list --state failed -o json      List failed jobs as JSON
  lazaret search SHA256                         Find a file in all images
  lazaret inspect image.tar                     Inspect an image, without a server

An ID may be shortened to any unambiguous prefix.
Exit codes: ${Object.values(exitCodes)
    .map(({ code }) => code)
    .join(', ')}; see docs/cli.md.
Groups of commands: ${commandGroups.join(', ')}.`;
}
