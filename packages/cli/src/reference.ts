/**
 * The reference page of the program, docs/cli.md, made from the command tree. Run this file to
 * write it and the list of derived commands anew: `node packages/cli/src/reference.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises';

import type { CommandSpec, DerivedCommand, FlagSpec } from './command.ts';
import { commandOperations, deriveCommand } from './derive-command.ts';
import { exitCodes } from './exit-code.ts';

const derivedPath = new URL('derived-commands.json', import.meta.url);
const pagePath = new URL('../../../docs/cli.md', import.meta.url);

/** The commands that the operation rows declare at present. */
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

/** The whole page in Markdown. */
export async function formatReference(): Promise<string> {
  const { commandGroups, commandList } = await import('./command-list.ts');
  const { globalFlags } = await import('./program.ts');
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

\`lazaret\` talks to a server over its API. Which server: \`--server\`, the variable
\`LAZARET_SERVER\`, the context named by \`--context\` or \`LAZARET_CONTEXT\`, the current context
(\`lazaret context use\`), or else the server that runs on this machine for the same user, found by
the file \`local-token\` in its data directory (\`LAZARET_DATA\`, \`./data\` unless set). A stored
token is only ever sent to the server that it was made for.

Answers go to standard output, remarks and progress to standard error. Tables are for people;
programs ask for \`--output json\` or \`yaml\` (\`LAZARET_OUTPUT\` sets it for good), or for
\`--quiet\`, which prints identities only. Colours appear on terminals alone, and never with
\`--no-color\` or \`NO_COLOR\`. What a sample wrote (file names, logs, results) cannot steer a
terminal: control characters and escape sequences are shown instead. \`LAZARET_DEBUG=1\` adds stack
traces to errors.

Tokens live in \`~/.config/lazaret/contexts.yaml\` (\`XDG_CONFIG_HOME\`), readable by its owner
only. Completion: \`source <(lazaret completion bash)\`, likewise for zsh and fish.
`;

function formatExitCodes(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]);
  const table = formatRows([['code', 'meaning'], ...rows]);
  return `${table}\nWith several jobs the code is that of the first one that did not succeed.\n`;
}

function formatCommand(spec: CommandSpec): string {
  const usage = [
    'lazaret',
    spec.words,
    ...spec.arguments.map(({ name, required, variadic }) => {
      const text = variadic === true ? `${name}...` : name;
      return required ? text.toUpperCase() : `[${text.toUpperCase()}]`;
    }),
  ].join(' ');
  const argumentLines = spec.arguments.map(
    ({ name, summary }) => `- \`${name.toUpperCase()}\`: ${summary}`,
  );
  return [
    `### lazaret ${spec.words}\n`,
    `${spec.summary}.${spec.details === undefined ? '' : ` ${closed(spec.details)}`}\n`,
    `    ${usage}\n`,
    ...(argumentLines.length === 0 ? [] : [`${argumentLines.join('\n')}\n`]),
    ...(spec.flags.length === 0 ? [] : [formatFlags(spec.flags)]),
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
    // a bar inside a cell would end it
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
  // the tree reads the list when it is loaded, so the list comes first
  await writeFile(derivedPath, `${JSON.stringify(deriveCommands(), undefined, 2)}\n`);
  await writeFile(pagePath, await formatReference());
}
