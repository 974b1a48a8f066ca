/**
 * What a command is, as data: the command tree, the help, the completion and the reference page
 * are all made from these. What a command does is loaded when it runs, so that help stays fast.
 */
import type { Client } from '@lazaret/protocol';

import type { InspectImage } from './commands/inspect-request.ts';
import type { Environment } from './environment.ts';

/** What completion offers for a value. */
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
  /** Taken, but neither explained nor offered: a name that another program had for it. */
  readonly hidden?: boolean;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  readonly variadic?: boolean;
  readonly summary: string;
  readonly completes?: Completes;
}

export type CommandGroup =
  | 'Jobs'
  | 'Images'
  | 'Engines and nodes'
  | 'Access'
  | 'Server'
  | 'This program';

export interface CommandSpec {
  /** Words after `lazaret`, as in `users add`. */
  readonly words: string;
  readonly group: CommandGroup;
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly examples?: readonly string[];
  readonly hidden?: boolean;
  /** All that follows goes to the command untouched, `--help` too. */
  readonly raw?: boolean;
  /** `--output` names a file here, so the flag for the format is left out. */
  readonly ownOutput?: boolean;
  readonly load: () => Promise<CommandRun>;
}

/** A command as it is derived from an operation's row; plain data. */
export interface DerivedCommand {
  readonly operation: string;
  readonly words: string;
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
}

export type FlagValue = string | boolean | readonly string[];
export type Flags = Readonly<Record<string, FlagValue | undefined>>;

/** Does the work; answers the exit code, 0 when it answers nothing. */
export type CommandRun = (invocation: Invocation) => Promise<number | void>;

export interface Invocation {
  readonly shell: Shell;
  readonly settings: Settings;
  /** Positional values; the values of a variadic argument follow one another. */
  readonly arguments: readonly string[];
  readonly flags: Flags;
  /** The server that the command talks to; throws a Failure when none is known. */
  readonly connect: () => Promise<Connection>;
}

/** A server and who we are there. */
export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  /** Where the address came from: a flag, a variable, a context or this machine. */
  readonly source: string;
  /** Known by the file that a server on this machine leaves for its own user. */
  readonly isLocal?: boolean;
}

export interface Connection extends Target {
  readonly client: Client;
}

/** What surrounds a command: streams, environment, clock. */
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

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The flags that every command takes. */
export interface Settings {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly context: string | undefined;
  readonly output: OutputFormat;
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
