/** Commands that run in this process what the server package brings: `serve`, `up`, `config`. */
import { outputFormats, type Invocation, type OutputFormat } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { printList, writeOut } from '../render/print.ts';

export async function runServe(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  return server.runServe(invocation.arguments);
}

export async function runUp(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  return server.runUp(invocation.arguments);
}

export async function runConfigCheck(invocation: Invocation): Promise<void> {
  const { checkConfiguration } = await import('@lazaret/server');
  await writeOut(invocation, `${checkConfiguration(invocation.arguments)}\n`);
}

/** All options are the server's, but for the format of the answer. */
export async function runConfigPrint(invocation: Invocation): Promise<void> {
  const { printConfiguration } = await import('@lazaret/server');
  const { rest, output } = takeOutput(invocation.arguments);
  const settings = { ...invocation.settings, output: output ?? invocation.settings.output };
  const options = printConfiguration(rest);
  await printList({ ...invocation, settings }, options, ['key', 'value', 'source', 'summary']);
}

function takeOutput(argv: readonly string[]): {
  rest: readonly string[];
  output: OutputFormat | undefined;
} {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  if (at < 0) return { rest: argv, output: undefined };
  const output = outputFormats.find((format) => format === argv[at + 1]);
  if (output === undefined) throw usageFailure(`--output: expected ${outputFormats.join(', ')}`);
  return { rest: argv.toSpliced(at, 2), output };
}
