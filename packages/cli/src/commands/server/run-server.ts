/** Commands that run the server package in this process: `serve`, `up`, `config`. */
import type { Invocation } from '../../command/command.ts';
import { kebabCase } from '../../command/flag-names.ts';
import { usageFailure } from '../../failure.ts';
import { runIntoFile } from '../../files/output-file.ts';
import { formatDefinitions } from '../../render/definitions.ts';
import { printList, writeOut } from '../../render/print.ts';
import { widthOf } from '../../render/style.ts';

/** Formats of `config print`; the first one is the default. */
const configFormats = ['yaml', 'table', 'json'] as const;
const usualColumns = 80;

export async function runServe(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  if (asksForHelp(invocation)) return printHelp(invocation, 'serve');
  return server.runServe(invocation.arguments);
}

export async function runUp(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  if (asksForHelp(invocation)) return printHelp(invocation, 'up');
  return server.runUp(invocation.arguments);
}

export async function runConfigCheck(invocation: Invocation): Promise<void> {
  const { checkConfiguration } = await import('@lazaret/server');
  if (asksForHelp(invocation)) return printHelp(invocation, 'config check');
  await writeOut(invocation, `${checkConfiguration(invocation.arguments)}\n`);
}

/** All options are those of the server, except the format and the file of the output. */
export async function runConfigPrint(invocation: Invocation): Promise<number> {
  if (asksForHelp(invocation)) {
    await printHelp(invocation, 'config print', '-o yaml|table|json and -O FILE as usual.');
    return 0;
  }
  const { rest, values } = takeFlags(invocation.arguments, {
    '--output': '-o',
    '--output-file': '-O',
  });
  const given = values['--output'];
  const format = given === undefined ? 'yaml' : configFormats.find((one) => one === given);
  if (format === undefined) {
    throw usageFailure(
      `--output: expected ${configFormats.join(', ')}, received ${JSON.stringify(given)}`,
      { hint: `To write to a file: --output-file ${given} (-O ${given}).` },
    );
  }
  const print = async (shell: Invocation['shell']): Promise<number> => {
    await printConfig({ ...invocation, shell }, format, rest);
    return 0;
  };
  const file = values['--output-file'];
  const isStdout = file === undefined || file === '-';
  return isStdout ? print(invocation.shell) : runIntoFile(invocation.shell, file, print);
}

async function printConfig(
  invocation: Invocation,
  format: (typeof configFormats)[number],
  argv: readonly string[],
): Promise<void> {
  const { printConfiguration, printConfigurationFile } = await import('@lazaret/server');
  if (format === 'yaml') return writeOut(invocation, printConfigurationFile(argv));
  const settings = { ...invocation.settings, output: format };
  const columns = ['key', 'value', 'source', 'summary'];
  return printList({ ...invocation, settings }, printConfiguration(argv), columns);
}

function asksForHelp({ arguments: words }: Invocation): boolean {
  return words.includes('--help') || words.includes('-h');
}

/** Their options are those of the configuration, which the server package lists. */
async function printHelp(invocation: Invocation, words: string, more = ''): Promise<void> {
  const { printConfiguration } = await import('@lazaret/server');
  const rows = printConfiguration([]).map(
    ({ key, summary }) => [`--${kebabCase(key)}`, summary] as const,
  );
  const width = widthOf(invocation.shell.stdout) ?? usualColumns;
  const head = `Usage: lazaret ${words} [options]\n\nOptions, also in a file or the environment:\n`;
  const tail = '\nThe effective values and their sources: lazaret config print\n';
  const extra = more === '' ? '' : `\n${more}\n`;
  await writeOut(invocation, `${head}${formatDefinitions(rows, width)}${extra}${tail}`);
}

/** Takes flags with values, by their long and short names, out of other options. */
function takeFlags(
  argv: readonly string[],
  flags: Readonly<Record<string, string>>,
): { rest: readonly string[]; values: Readonly<Record<string, string | undefined>> } {
  const values: Record<string, string> = {};
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [name, joined] = word.split(/=(.*)/s, 2);
    const long = Object.keys(flags).find((one) => one === name || flags[one] === name);
    if (long === undefined) {
      rest.push(word);
      continue;
    }
    const value = joined ?? argv[(at += 1)];
    if (value === undefined) throw usageFailure(`${long}: expected a value`);
    values[long] = value;
  }
  return { rest, values };
}
