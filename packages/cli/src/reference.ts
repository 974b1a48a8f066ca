/**
 * Generates docs/cli.md and the list of derived commands from the command tree:
 * `node packages/cli/src/reference.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises';

import type { CommandSpec, DerivedCommand, FlagSpec } from './command/command.ts';
import { commandOperations, deriveCommand } from './command/derive-command.ts';
import { exitCodes } from './exit-code.ts';

const derivedPath = new URL('command/derived-commands.json', import.meta.url);
const pagePath = new URL('../../../docs/cli.md', import.meta.url);

/** The commands that the operation rows declare. */
export function deriveCommands(): readonly DerivedCommand[] {
  return commandOperations().map(deriveCommand);
}

/** The derived commands and the page as they are stored. */
export async function readStored(): Promise<{ derived: unknown; page: string }> {
  const [derived, page] = await Promise.all([
    readFile(derivedPath, 'utf8'),
    readFile(pagePath, 'utf8').catch(() => ''),
  ]);
  return { derived: JSON.parse(derived), page };
}

/** The page in Markdown. */
export async function formatReference(): Promise<string> {
  const { commandGroups, commandList } = await import('./command/command-list.ts');
  const { globalFlags } = await import('./command/global-flags.ts');
  const visible = commandList.filter(({ hidden }) => hidden !== true);
  const parts = [intro, '## Exit codes\n', formatExitCodes(), '## Options of every command\n'];
  parts.push(formatFlags(globalFlags));
  for (const group of commandGroups) {
    const members = visible.filter((spec) => spec.group === group);
    parts.push(`## ${group}\n`, ...members.map(formatCommand));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

const intro = `# The command line

This page is generated from the command tree: \`node packages/cli/src/reference.ts\`.

\`lazaret\` talks to a server over its API. The server is chosen by \`--server\`, the variable
\`LAZARET_SERVER\`, the context of \`--context\` or \`LAZARET_CONTEXT\`, the current context
(\`lazaret context use\`), or else it is the server of the same user on this machine, found by the
file \`local-token\` in its data directory (\`LAZARET_DATA\`, default \`./data\`). A stored token is
only sent to the server that issued it.

Output goes to standard output, notes and progress to standard error. \`--output\` (\`-o\`) always
chooses a format: \`table\` for people, \`json\` or \`yaml\` for programs, \`wide\` for a table that is
not cut to the terminal, \`name\` for IDs only (like \`--quiet\`); \`LAZARET_OUTPUT\` sets a default.
\`--output-file\` (\`-O\`) always names a file, which is written completely or not at all. Colors
appear only on terminals, and never with \`--no-color\` or \`NO_COLOR\`. Untrusted text (file names,
logs, results) is escaped on terminals. \`LAZARET_DEBUG=1\` adds stack traces to errors.

An ID may be shortened to any unambiguous prefix, and an image may be given by its name. Commands
with several names are listed once: \`lazaret submit\` is short for \`lazaret jobs submit\`.

Tokens are stored in \`~/.config/lazaret/contexts.yaml\` (\`XDG_CONFIG_HOME\`), readable only by
their owner. Completion: \`source <(lazaret completion bash)\`, likewise for zsh and fish.
`;

function formatExitCodes(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]);
  const table = formatRows([['code', 'meaning'], ...rows]);
  return `${table}\nWith several jobs the exit code is that of the first one that did not succeed.\n`;
}

function formatCommand(spec: CommandSpec): string {
  const usageOf = (name: string): string => [`    lazaret ${name}`, ...argumentNames].join(' ');
  const argumentNames = [
    ...spec.arguments.map(({ name, required, variadic }) => {
      const text = variadic === true ? `${name}...` : name;
      return required ? text.toUpperCase() : `[${text.toUpperCase()}]`;
    }),
  ];
  const argumentLines = spec.arguments.map(
    ({ name, summary }) => `- \`${name.toUpperCase()}\`: ${summary}`,
  );
  return [
    `### lazaret ${spec.words}\n`,
    `${spec.summary}.${spec.details === undefined ? '' : ` ${closed(spec.details)}`}\n`,
    `${[spec.words, ...(spec.shortcuts ?? [])].map(usageOf).join('\n')}\n`,
    ...(argumentLines.length === 0 ? [] : [`${argumentLines.join('\n')}\n`]),
    ...(spec.flags.length === 0 ? [] : [formatFlags(spec.flags)]),
    ...(spec.formats === undefined ? [] : [`Formats: ${spec.formats.join(', ')}.\n`]),
    ...(spec.examples === undefined
      ? []
      : [`Examples:\n\n${spec.examples.map((line) => `    ${line}`).join('\n')}\n`]),
  ].join('\n');
}

function formatFlags(flags: readonly FlagSpec[]): string {
  const shown = flags.filter(({ hidden }) => hidden !== true);
  const rows = shown.map(({ name, short, value, negatable, choices, summary }) => {
    const long = `--${name}${value === undefined ? '' : ` ${value.toUpperCase()}`}`;
    const opposite = negatable === true ? `, --no-${name}` : '';
    const words = choices === undefined ? '' : ` (${choices.join(', ')})`;
    const option = `\`${short === undefined ? '' : `-${short}, `}${long}${opposite}\``;
    // a bar would end the cell
    return [option, `${summary}${words}`].map((cell) => cell.replaceAll('|', String.raw`\|`));
  });
  return formatRows([['option', 'meaning'], ...rows]);
}

/** A table whose columns are aligned, the header first. */
function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const [header = '', ...body] = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[header, rule, ...body].join('\n')}\n`;
}

function closed(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

if (import.meta.main) {
  // the tree loads the list, so the list is written first
  await writeFile(derivedPath, `${JSON.stringify(deriveCommands(), undefined, 2)}\n`);
  await writeFile(pagePath, await formatReference());
}
