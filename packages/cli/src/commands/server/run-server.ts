/** Commands that run the server package in this process: `serve`, `up`, `config`. */
import { outputFormats, type Invocation, type OutputFormat } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { kebabCase } from '../../command/flag-names.ts';
import { printList, writeOut } from '../../render/print.ts';
import { formatRows } from '../../render/table.ts';

export async function runServe(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  if (asksForHelp(invocation)) return explain(invocation, 'serve');
  return server.runServe(invocation.arguments);
}

export async function runUp(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  if (asksForHelp(invocation)) return explain(invocation, 'up');
  return server.runUp(invocation.arguments);
}

export async function runConfigCheck(invocation: Invocation): Promise<void> {
  const { checkConfiguration } = await import('@lazaret/server');
  if (asksForHelp(invocation)) return explain(invocation, 'config check');
  await writeOut(invocation, `${checkConfiguration(invocation.arguments)}\n`);
}

/** All options are the server's, but for the format of the answer. */
export async function runConfigPrint(invocation: Invocation): Promise<void> {
  const { printConfiguration } = await import('@lazaret/server');
  if (asksForHelp(invocation)) return explain(invocation, 'config print');
  const { rest, output } = takeOutput(invocation.arguments);
  const settings = { ...invocation.settings, output: output ?? invocation.settings.output };
  const options = printConfiguration(rest);
  await printList({ ...invocation, settings }, options, ['key', 'value', 'source', 'summary']);
}

function asksForHelp({ arguments: words }: Invocation): boolean {
  return words.includes('--help') || words.includes('-h');
}

/** Their options are those of the configuration, which the server package lists. */
async function explain(invocation: Invocation, words: string): Promise<void> {
  const { printConfiguration } = await import('@lazaret/server');
  const options = printConfiguration([]) as readonly { key: string; summary: string }[];
  const rows = options.map(({ key, summary }) => [`  --${kebabCase(key)}`, summary]);
  const head = `Usage: lazaret ${words} [options]\n\nOptions, also in a file or the environment:\n`;
  const tail = '\nWhat is in force, and where it came from: lazaret config print\n';
  await writeOut(invocation, `${head}${await formatRows(rows)}${tail}`);
}

function takeOutput(argv: readonly string[]): {
  rest: readonly string[];
  output: OutputFormat | undefined;
} {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  if (at < 0) return { rest: argv, output: undefined };
  const output = (['table', 'json', 'yaml'] as const).find((format) => format === argv[at + 1]);
  if (output === undefined) throw usageFailure(`--output: expected ${outputFormats.join(', ')}`);
  return { rest: argv.toSpliced(at, 2), output };
}
