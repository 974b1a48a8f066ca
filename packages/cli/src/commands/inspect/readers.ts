/** `lazaret inspect readers`: which files are read for packages, and which are not. */
import type { ListedEcosystem, ListedReader } from '@lazaret/analysis';
import { nearestName } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { printList, printStructured, writeOut } from '../../render/print.ts';
import { loadAnalysis } from './load-analysis.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { listEcosystems } = await loadAnalysis();
  const all = listEcosystems();
  const [wanted] = invocation.arguments;
  const { output, quiet } = invocation.settings;
  if (wanted === undefined) {
    if (output !== 'table' && !quiet) return printStructured(invocation, all);
    return printList(invocation, all.flatMap(rowsOf), ['reader', 'ecosystem', 'packages', 'reads']);
  }
  const found = all.find((one) => one.name === wanted) ?? ecosystemOf(wanted, all);
  if (output !== 'table') return printStructured(invocation, found);
  return writeOut(invocation, pageOf(found));
}

function ecosystemOf(wanted: string, all: readonly ListedEcosystem[]): ListedEcosystem {
  const found = all.find(({ readers }) => readers.some(({ id }) => id === wanted));
  if (found !== undefined) return found;
  const known = all.flatMap(({ name, readers }) => [name, ...readers.map(({ id }) => id)]);
  const near = nearestName(wanted, known);
  throw usageFailure(`no ecosystem or reader "${wanted}"`, {
    hint:
      near === undefined
        ? 'List them with `lazaret inspect readers`.'
        : `Did you mean "${near}"? List all with \`lazaret inspect readers\`.`,
  });
}

function rowsOf({ name, readers }: ListedEcosystem): object[] {
  return readers.map((reader) => ({
    reader: reader.id,
    ecosystem: name,
    packages: typesOf(reader),
    reads: reader.summary,
  }));
}

function typesOf({ yields: { packages } }: ListedReader): string {
  if (packages === undefined) return '';
  return packages.purlTypes === 'any' ? 'any' : packages.purlTypes.join(', ');
}

function pageOf({ title, readers, notRead, gaps }: ListedEcosystem): string {
  const lines = [
    title,
    ...readers.flatMap((reader) => [
      '',
      `${reader.id}: ${reader.summary}`,
      ...reader.files.map(describeFile),
      ...reader.notRead.map(({ pattern, reason }) => `  not ${pattern}: ${reason}`),
    ]),
    ...section(
      'Not read:',
      notRead.map(({ pattern, reason }) => `${pattern}: ${reason}`),
    ),
    ...section('Known gaps:', gaps),
  ];
  return `${lines.join('\n')}\n`;
}

function describeFile({ pattern, content, package: only }: ListedReader['files'][number]): string {
  const notes = [content, only].filter((note) => note !== undefined);
  return `  ${pattern}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', title, ...items.map((item) => `  ${item}`)];
}
