/** The flags of every command. */
import { outputFormats, type CommandSpec, type FlagSpec } from './command.ts';

const outputFlag: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'format',
  choices: outputFormats,
  summary: 'Output format (default table)',
};
const columnsFlag: FlagSpec = {
  name: 'columns',
  value: 'names',
  summary: 'Columns of a table, separated by commas',
};

export const globalFlags: readonly FlagSpec[] = [
  outputFlag,
  {
    name: 'output-file',
    short: 'O',
    value: 'file',
    summary: 'Write the output to a file instead of standard output',
    completes: 'file',
  },
  columnsFlag,
  { name: 'quiet', short: 'q', summary: 'Print only IDs' },
  { name: 'server', value: 'url', summary: 'URL of the server' },
  {
    name: 'token',
    value: 'token',
    summary: 'API token (prefer LAZARET_TOKEN, which is not visible in ps)',
  },
  {
    name: 'context',
    value: 'name',
    summary: 'Name of the context to use',
    completes: 'context',
  },
  { name: 'no-color', summary: 'Disable colors' },
];

/** The global flags of one command, without those that the command defines itself. */
export function globalFlagsOf(spec: CommandSpec): readonly FlagSpec[] {
  const own = new Set(spec.flags.map(({ name }) => name));
  const inherited = globalFlags.filter(({ name }) => !own.has(name));
  const { formats } = spec;
  if (formats === undefined) return inherited;
  const output = {
    ...outputFlag,
    choices: formats,
    summary: `Output format (default ${formats[0]})`,
  };
  return inherited
    .filter((flag) => flag !== columnsFlag)
    .map((flag) => (flag === outputFlag ? output : flag));
}

/** The flag whose value is the next word, if the word is a flag. */
export function flagAwaitingValue(
  flags: readonly FlagSpec[],
  word: string | undefined,
): FlagSpec | undefined {
  if (word === undefined || !word.startsWith('-')) return undefined;
  return flags.find(
    ({ name, short, value }) =>
      value !== undefined && (word === `--${name}` || word === `-${short}`),
  );
}
