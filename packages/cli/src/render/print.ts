/** Writes output to standard output in the chosen format, and notes to standard error. */
import type { Invocation, OutputFormat } from '../command/command.ts';
import { valueAt } from './cell.ts';
import { chooseColumns } from './choose-columns.ts';
import { formatPage } from './page.ts';
import { createStyle, widthOf } from './style.ts';
import { formatTable, omittedColumns, type TableOptions } from './table.ts';
import { isDangerous, visibleJson, visibleLine } from './visible-text.ts';

/** Prints a list: a table, an array, or with `--quiet` only the first column. */
export async function printList(
  invocation: Invocation,
  items: readonly unknown[],
  columns: readonly string[],
): Promise<void> {
  const { settings } = invocation;
  if (settings.quiet) {
    await writeOut(invocation, items.map((item) => `${identityOf(item, columns)}\n`).join(''));
    return;
  }
  if (settings.output !== 'table') return printStructured(invocation, items);
  const known = items.flatMap((item) => Object.keys(item as object));
  const options = tableOptions(invocation, chooseColumns(settings.columns, columns, known));
  await writeOut(invocation, formatTable(items, options));
  const omitted = omittedColumns(items, options).length;
  if (omitted > 0) {
    const what = omitted === 1 ? '1 column does' : `${omitted} columns do`;
    await printTerminalNote(invocation, `${what} not fit the terminal; use -o wide to show all`);
  }
}

/** How tables look on standard output. */
export function tableOptions(
  { shell, settings }: Pick<Invocation, 'shell' | 'settings'>,
  columns: readonly string[],
): TableOptions {
  return {
    columns,
    now: shell.now(),
    style: createStyle(settings.color.stdout),
    widthChars: settings.wide ? undefined : widthOf(shell.stdout),
    wide: settings.wide,
    keepColumns: settings.columns !== undefined,
  };
}

/** Prints one resource: its page, the object, or with `--quiet` only its ID. */
export async function printItem(
  invocation: Invocation,
  item: unknown,
  page?: (item: unknown) => Promise<string> | string,
): Promise<void> {
  const { shell, settings } = invocation;
  if (settings.quiet) return writeOut(invocation, `${identityOf(item, [])}\n`);
  if (settings.output !== 'table') return printStructured(invocation, item);
  const text = await (page?.(item) ??
    formatPage(item, {
      now: shell.now(),
      style: createStyle(settings.color.stdout),
      widthChars: widthOf(shell.stdout),
    }));
  await writeOut(invocation, text);
}

/** Prints a value as JSON or YAML. */
export async function printStructured(invocation: Invocation, value: unknown): Promise<void> {
  const { output } = invocation.settings;
  await writeOut(invocation, await formatStructured(value, output));
}

export async function formatStructured(value: unknown, format: OutputFormat): Promise<string> {
  if (format !== 'yaml') return `${visibleJson(JSON.stringify(value, undefined, 2))}\n`;
  const { Document, isScalar, Scalar, visit } = await import('yaml');
  const document = new Document(value);
  visit(document, {
    Scalar(_, node) {
      // only double quoted strings have escapes
      if (isScalar(node) && typeof node.value === 'string' && isDangerous(node.value)) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  return visibleJson(document.toString({ lineWidth: 0 }));
}

/** Writes to standard output and waits, so that nothing is lost when the process exits. */
export function writeOut(
  { shell }: Pick<Invocation, 'shell'>,
  data: string | Uint8Array,
): Promise<void> {
  return write(shell.stdout, data);
}

/** Prints a note to standard error; silent with `--quiet`. */
export async function printNote(invocation: Invocation, text: string): Promise<void> {
  if (!invocation.settings.quiet) await write(invocation.shell.stderr, `${text}\n`);
}

/** Prints an error to standard error, also with `--quiet`. */
export function writeError({ shell }: Pick<Invocation, 'shell'>, text: string): Promise<void> {
  return write(shell.stderr, text);
}

/** As `note`, but only for people: a terminal reads standard error. */
export async function printTerminalNote(invocation: Invocation, text: string): Promise<void> {
  if (invocation.shell.stderr.isTTY) await printNote(invocation, text);
}

/** The field that identifies an item: the first column but the severity, or a usual name. */
export function identityOf(item: unknown, columns: readonly string[]): string {
  const identity = columns.find((path) => path !== 'severity');
  for (const path of [
    ...(identity === undefined ? [] : [identity]),
    'id',
    'name',
    'secret',
    'url',
    'number',
    'cursor',
  ]) {
    const value = valueAt(item, path);
    if (typeof value === 'string' || typeof value === 'number') return visibleLine(String(value));
  }
  return visibleLine(JSON.stringify(item) ?? '');
}

function write(stream: NodeJS.WriteStream, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}
