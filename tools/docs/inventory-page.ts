/** docs/inventory.md: what the inventory reads, from the capabilities of its ecosystems. */
import { formatSize, packageType, type PackageFact } from '@lazaret/protocol';

import type {
  DescribedReader,
  Ecosystem,
  EcosystemGroup,
  PackageDetail,
  PackageYield,
  ReadFile,
  UnreadFile,
} from '../../packages/analysis/src/inventory/ecosystem.ts';
import { ecosystems } from '../../packages/analysis/src/inventory/ecosystems.ts';
import { advisorySupport } from '../../packages/analysis/src/vulnerability/ecosystem.ts';
import { code, formatTable, heading } from './table.ts';

const groupTitles: Readonly<Record<EcosystemGroup, string>> = {
  system: 'Operating systems',
  language: 'Languages',
  other: 'Programs and documents',
  unsupported: 'Not supported',
};
const detailTexts: Readonly<Record<PackageDetail, string>> = {
  architecture: 'architecture',
  source: 'source package',
  licenses: 'licences',
  supplier: 'supplier',
  dependsOn: 'dependencies',
};
const sourceTexts: Readonly<Record<PackageFact['foundBy'], string>> = {
  database: 'package database',
  metadata: 'package metadata',
  'lock-file': 'lock file',
  'build-info': 'build information',
  pattern: 'pattern',
  claim: 'claim',
};

export function inventoryPage(): string {
  const groups = Object.entries(groupTitles) as [EcosystemGroup, string][];
  const sections = groups.map(([group, title]) => {
    const members = ecosystems.filter((one) => one.group === group);
    return [`## ${title}`, ...members.map(describeEcosystem)].join('\n\n');
  });
  return `${heading('What the inventory reads', 'packages/analysis/src/inventory/*/capabilities.ts')}
An [inspection](inspect.md) reads these files and nothing else for packages, the distribution and
accounts. Nothing is executed and no network is used: a report contains what the files state.
\`lazaret inspect readers\` prints this list, with \`-o json\` for programs. Malware and secrets are
looked for in all files, see [scanners](scanners.md).

- Patterns start at the root of the image or directory; \`**/\` is any number of directories, also
  none. A pattern without it is read at that path only.
- Files of every layer are read, also those that later layers hide.
- Files inside other archives are not read for packages, except in Java archives and zipped eggs.
- A file that is larger than the limit, damaged, encrypted or in an unsupported version is a gap of
  the coverage, never an empty result. Files that no reader reads are not a gap: the lists *not read*
  say what may be missing.
- Packages of lock files are *declared*: nothing shows that they are installed.
- Packages with state *removed* are not installed; only their configuration remains.

## Overview

${overview()}

*lock files*: whether lock files are read besides what is installed. *owned files*: the files of each
package are known, with these digests; what no package owns is listed in a report. *advisories*: where
the [vulnerability scanner](scanners.md#vulnerabilities) looks packages up.

${sections.join('\n\n')}
`;
}

function overview(): string {
  const rows = ecosystems
    .filter(({ readers }) => readers.some(({ yields }) => yields.packages !== undefined))
    .map((one) => [`[${one.title}](#${anchorOf(one.title)})`, ...summaryCells(one)]);
  return formatTable([
    [
      ...['ecosystem', 'package types', 'lock files', 'licences', 'dependencies', 'owned files'],
      'advisories',
    ],
    ...rows,
  ]);
}

function summaryCells({ readers }: Ecosystem): string[] {
  const packages = readers.flatMap(({ yields }) => yields.packages ?? []);
  const lists = readers.flatMap(({ yields }) => yields.ownedFiles ?? []);
  const types = packages.flatMap(({ purlTypes }) => (purlTypes === 'any' ? ['any'] : purlTypes));
  const has = (detail: PackageDetail): string =>
    packages.some(({ details }) => details.includes(detail)) ? 'yes' : 'no';
  const digests = distinct(lists.flatMap((list) => list.digests));
  return [
    distinct(types).map(code).join(', '),
    packages.some(({ foundBy }) => foundBy.includes('lock-file')) ? 'yes' : 'no',
    has('licenses'),
    has('dependsOn'),
    lists.length === 0 ? 'no' : digests.map(digestName).join(', ') || 'without digests',
    advisoriesOf(packages),
  ];
}

function advisoriesOf(packages: readonly PackageYield[]): string {
  const found = packages.flatMap(({ purlTypes, purl }) => {
    if (purlTypes === 'any') return ['by package type'];
    return purlTypes.flatMap((type) => ecosystemsOf(type, purl));
  });
  return distinct(found).join(', ') || 'none';
}

/** Those of the type; none if the package URL names a distribution that has none. */
function ecosystemsOf(purlType: string, purl: string): readonly string[] {
  const type = packageType.safeParse(purlType).data;
  const support = advisorySupport.find((one) => one.type === type);
  const [, namespace = '<>'] = /^pkg:[^/]+\/([^/]+)\//.exec(purl) ?? [];
  const isKnown =
    namespace.startsWith('<') || support?.distributions?.includes(namespace) !== false;
  return isKnown ? (support?.ecosystems ?? []) : [];
}

function describeEcosystem({ title, readers, unread, gaps }: Ecosystem): string {
  const rows = readers.map((one) => [
    code(one.reader.id),
    `${one.summary}<br>${describeFiles(one.files)}`,
    describeYields(one),
    formatSize(one.reader.maxBytes),
  ]);
  const purls = distinct(readers.flatMap(({ yields }) => yields.packages?.purl ?? []));
  const excluded = readers.flatMap(({ reader, except = [] }) =>
    mergeUnread(except).map((each) => `by ${code(reader.id)}: ${describeUnread(each)}`),
  );
  const parts = [
    `### ${title}`,
    formatTable([['reader', 'files', 'yields', 'limit'], ...rows]),
    ...(purls.length === 0 ? [] : [`Package URL: ${purls.map(describePurl).join(', ')}.`]),
    ...list('Not read:', [...excluded, ...mergeUnread(unread).map(describeUnread)]),
    ...list('Known gaps:', gaps),
    ...readers.flatMap(recognised),
  ];
  return parts.join('\n\n');
}

function describeFiles(files: readonly ReadFile[]): string {
  if (files.length > filesShown && files.every((one) => one.package !== undefined)) {
    return 'listed below';
  }
  return files
    .map(({ pattern, content }) =>
      content === undefined ? code(pattern) : `${code(pattern)} (${content.format})`,
    )
    .join(', ');
}

/** Files of single packages are in a separate table. */
const filesShown = 10;

function recognised({ files }: DescribedReader): string[] {
  if (files.length <= filesShown || files.some((one) => one.package === undefined)) return [];
  const byPackage = Map.groupBy(files, (one) => one.package ?? '');
  const rows = [...byPackage]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, those]) => [code(name), those.map(({ pattern }) => code(pattern)).join(', ')]);
  return [
    'Programs and libraries that are recognised:',
    formatTable([['package', 'files'], ...rows]),
  ];
}

function describeYields({ yields }: DescribedReader): string {
  const { packages, ownedFiles, distribution, accounts } = yields;
  const parts = [
    ...(packages === undefined ? [] : [describePackages(packages)]),
    ...(ownedFiles === undefined ? [] : [describeOwned(ownedFiles.digests)]),
    ...(distribution === true ? ['distribution and release'] : []),
    ...(accounts === true ? ['accounts'] : []),
  ];
  return parts.length === 0 ? 'a gap' : parts.join('<br>');
}

function describePackages({ foundBy, states, details }: PackageYield): string {
  const known = details.map((detail) => detailTexts[detail]).join(', ');
  const from = foundBy.map((source) => sourceTexts[source]).join(' or ');
  return [`packages, ${states.join(', ')}`, `version from ${from}`, known]
    .filter((text) => text !== '')
    .join('; ');
}

function describeOwned(digests: readonly string[]): string {
  return digests.length === 0
    ? 'owned files'
    : `owned files with ${digests.map(digestName).join(', ')}`;
}

interface MergedUnread extends Pick<UnreadFile, 'reason'> {
  readonly patterns: readonly string[];
}

/** Several patterns with the same reason are one line. */
function mergeUnread(unread: readonly UnreadFile[]): MergedUnread[] {
  return [...Map.groupBy(unread, ({ reason }) => reason)].map(([reason, those]) => ({
    reason,
    patterns: those.map(({ pattern }) => pattern),
  }));
}

function describeUnread({ patterns, reason }: MergedUnread): string {
  return `${patterns.map(code).join(', ')}: ${reason}`;
}

function describePurl(purl: string): string {
  return /^pkg:\S+$/.test(purl) ? code(purl) : purl.replaceAll(/pkg:[^\s,]+/g, code);
}

function digestName(name: string): string {
  return { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256' }[name] ?? name;
}

export function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, items.map((item) => `- ${item}`).join('\n')];
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

function distinct<T>(all: readonly T[]): T[] {
  return [...new Set(all)];
}
