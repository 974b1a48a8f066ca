/**
 * The definition of a command as data: the command tree, the help, the completion and the reference
 * page are all generated from these. The implementation is loaded when it runs, so that help is
 * fast.
 */
import type { Client } from '@lazaret/protocol';

import type { InspectImage } from '../commands/inspect/inspect-image.ts';
import type { Environment } from '../environment.ts';

/** The completions of a value. */
export type Completes = 'engine' | 'job' | 'context' | 'file' | 'directory';

export interface FlagSpec {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value; without one the flag is a switch. */
  readonly value?: string;
  readonly repeatable?: boolean;
  /** A switch that also has its opposite, `--no-name`. */
  readonly negatable?: boolean;
  readonly choices?: readonly string[];
  readonly summary: string;
  readonly completes?: Completes;
  /** Accepted, but neither documented nor completed: a name from an earlier version. */
  readonly hidden?: boolean;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  readonly variadic?: boolean;
  /** Several values may be given, separated by commas. */
  readonly list?: boolean;
  readonly summary: string;
  readonly completes?: Completes;
}

export type CommandGroup =
  | 'Jobs'
  | 'Images'
  | 'Registries'
  | 'Policies'
  | 'Engines and nodes'
  | 'Access'
  | 'Server'
  | 'This program';

export interface CommandSpec {
  /** Words after `lazaret`, as in `users add`. */
  readonly words: string;
  /** Shorter names of the same command, as `docker ps` is one of `docker container ls`. */
  readonly shortcuts?: readonly string[];
  readonly group: CommandGroup;
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly examples?: readonly string[];
  readonly hidden?: boolean;
  /** All arguments are passed to the command unparsed, `--help` too. */
  readonly raw?: boolean;
  /** Values of `--output`, the default first; those of `outputFormats` unless given. */
  readonly formats?: readonly string[];
  /** The command handles `--output` itself. */
  readonly ownOutput?: boolean;
  /** The command writes `--output-file` itself, since it may be a directory or several files. */
  readonly ownOutputFile?: boolean;
  /** `--output` used to name a file here: one that is clearly a path is still accepted. */
  readonly outputWasFile?: boolean;
  /** Runs until it is interrupted, so its output is never complete. */
  readonly endless?: boolean;
  readonly load: () => Promise<CommandRun>;
}

/** A command derived from an operation, as data. */
export interface DerivedCommand {
  readonly operation: string;
  readonly words: string;
  readonly shortcuts?: readonly string[];
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly endless?: boolean;
}

/** Every command with the words that name groups, for the parser, the help and completion. */
export interface CommandTree {
  readonly commands: readonly CommandSpec[];
  /** Summary of each group of commands, by its word. */
  readonly groups: Readonly<Record<string, string>>;
  /** Aliases of groups and verbs: `ls` for `list`. */
  readonly aliases: Readonly<Record<string, string>>;
}

export type FlagValue = string | boolean | readonly string[];
export type Flags = Readonly<Record<string, FlagValue | undefined>>;

/** Does the work; returns the exit code, 0 when it returns nothing. */
export type CommandRun = (invocation: Invocation) => Promise<number | void>;

export interface Invocation {
  readonly shell: Shell;
  readonly settings: Settings;
  /** Positional values; the values of a variadic argument follow one another. */
  readonly arguments: readonly string[];
  readonly flags: Flags;
  /** The tree that the command is part of. */
  readonly tree: CommandTree;
  /** Connects to the server of the command; throws a Failure when none is configured. */
  readonly connect: () => Promise<Connection>;
}

/** A server and the credentials for it. */
export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  /** Where the address came from: a flag, a variable, a context or this machine. */
  readonly source: string;
  /** Found through the file that a server on this machine writes for its own user. */
  readonly isLocal?: boolean;
}

export interface Connection extends Target {
  readonly client: Client;
}

/** The environment of a command: streams, variables, clock. */
export interface Shell {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  /** Inspects an image; that of the analysis package unless given. */
  readonly inspectImage?: InspectImage;
}

/** Formats of ordinary commands: `wide` is an uncut table, `name` prints only IDs. */
export const outputFormats = ['table', 'wide', 'json', 'yaml', 'name'] as const;

/** How a response is written; `wide` and `name` are tables with other settings. */
export type OutputFormat = 'table' | 'json' | 'yaml';

/** The flags of every command. */
export interface Settings {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly context: string | undefined;
  readonly output: OutputFormat;
  /** The value of `--output`, which may be a format that only this command has. */
  readonly format: string;
  /** A table with complete values, for any width of the terminal. */
  readonly wide: boolean;
  /** Path of the file for the output; standard output without one. */
  readonly outputFile: string | undefined;
  readonly quiet: boolean;
  readonly columns: readonly string[] | undefined;
  /** Whether standard output and standard error may carry colours. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
}

export function flagText(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagList(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : [];
}

export function flagOn(flags: Flags, name: string): boolean {
  return flags[name] === true;
}
