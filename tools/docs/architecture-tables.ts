/** Writes the rules of the architecture test to ARCHITECTURE.md, between its markers. */
import {
  analysisParts,
  clockReaders,
  composition,
  environmentReaders,
  floor,
  lazyExceptions,
  networkUsers,
  packageDirection,
  type Permit,
  slices,
  tableOwners,
  tableReaders,
} from '../../test/architecture/rules.ts';
import { fillTables } from './fill-tables.ts';
import { code, formatTable } from './table.ts';

const tables: Readonly<Record<string, () => string>> = {
  packages: () =>
    formatTable([
      ['package', 'may import'],
      ...Object.entries(packageDirection).map(([name, others]) => [
        code(name),
        [
          ...others.map(code),
          ...lazyExceptions
            .filter(({ file }) => file.startsWith(`packages/${name}/`))
            .map(({ file, what }) => `${code(what)} lazily, from ${code(file)} only`),
        ].join(', ') || 'no other package',
      ]),
    ]),
  slices: () =>
    formatTable([
      ['part of the server', 'may import'],
      ...Object.entries(floor).map(([name, others]) => [
        `${code(name)} (floor)`,
        others.map(code).join(', ') || 'nothing of the server',
      ]),
      ...Object.entries(slices).map(([name, others]) => [
        code(name),
        ['the floor', ...others.map(code)].join(', '),
      ]),
      ...Object.entries(composition).map(([name, others]) => [
        code(name),
        ['the floor', 'all slices', ...others.map(code)].join(', '),
      ]),
    ]),
  analysis: () =>
    formatTable([
      ['part of analysis', 'may import'],
      ...Object.entries(analysisParts).map(([name, others]) => [
        code(name),
        others.map(code).join(', ') || 'no other part',
      ]),
    ]),
  owners: () =>
    formatTable([
      ['owner', 'tables', 'reads besides its own'],
      ...Object.entries(tableOwners).map(([owner, names]) => [
        code(owner),
        names.map(code).join(', '),
        describeReads(owner),
      ]),
      ...tableReaders
        .filter(({ reader }) => !Object.hasOwn(tableOwners, reader))
        .map(({ reader }) => [code(reader), 'none', describeReads(reader)]),
    ]),
  permits: () =>
    formatTable([
      ['file', 'uses', 'because'],
      ...[...environmentReaders, ...clockReaders, ...networkUsers].map(
        ({ file, what, reason }: Permit) => [code(file), code(what), reason],
      ),
    ]),
};

function describeReads(part: string): string {
  return tableReaders
    .filter(({ reader }) => reader === part)
    .map(({ tables: names, reason }) => `${names.map(code).join(', ')}: ${reason}`)
    .join('; ');
}

export function fillArchitecture(page: string): string {
  return fillTables(page, tables);
}
