/** The lists of a report: findings, packages, files. */
import {
  plural,
  findingClass,
  formatSize,
  severity,
  type InspectionReport,
  type PlacedFinding,
} from '@lazaret/protocol';

import { cliLimits } from '../limits.ts';
import { alignRows, type Cell, type RowOptions } from './aligned-rows.ts';
import { severityStyles } from './inspection-labels.ts';
import { visibleLine } from './visible-text.ts';

/** Most severe first; with `whole` all of them, each with its evidence. */
export function formatFindings(
  { findings }: InspectionReport,
  options: RowOptions & { readonly whole: boolean },
): string {
  if (findings.length === 0) return '';
  const inOrder = findings.toSorted((a, b) => rankOf(a) - rankOf(b));
  const rows = repeatedRows(inOrder);
  const shown = rows.slice(0, cliLimits.findingsShown);
  const left = options.whole ? 0 : rows.length - shown.length;
  const table = options.whole
    ? inOrder.map((finding) => formatFinding(finding, options)).join('')
    : alignRows([header(['SEVERITY', 'RULE', 'LAYER', 'LOCATION AND TITLE']), ...shown], options);
  const more = left === 0 ? '' : `and ${left} more; list all with --findings\n`;
  return `${title('Findings', options)}${table}${more}`;
}

/** By severity, then malware before weaknesses. */
function rankOf({ severity: level, class: kind }: PlacedFinding): number {
  const classes = findingClass.options;
  return severity.options.indexOf(level) * classes.length + classes.indexOf(kind);
}

/** Repeated matches of a rule in a file make one row. */
function repeatedRows(findings: readonly PlacedFinding[]): readonly (readonly Cell[])[] {
  const groups = new Map<string, { row: readonly Cell[]; count: number }>();
  for (const finding of findings) {
    const row = findingRow(finding);
    const key = row.map(({ text }) => text).join('\0');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { row, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].map(({ row, count }) =>
    count === 1
      ? row
      : row.map((cell, at) =>
          at === 1 ? { ...cell, text: `${cell.text} (${count} times)` } : cell,
        ),
  );
}

function findingRow(finding: PlacedFinding): readonly Cell[] {
  const { severity: level, scanner, rule } = finding;
  return [
    { text: level, style: severityStyles[level] },
    { text: visibleLine(`${scanner}: ${rule}`) },
    layerCell(finding),
    { text: aboutOf(finding).map(visibleLine).join('  ') },
  ];
}

/** A vulnerability is in a package, other findings are in a file. */
function aboutOf({ class: kind, path, purl, title: text, evidence }: PlacedFinding): string[] {
  if (kind !== 'vulnerability') return [path ?? purl ?? '', text].filter((part) => part !== '');
  const fixed = evidence?.['fixed'];
  return [text, ...(fixed === undefined ? [] : [`(fixed in ${[fixed].flat().join(', ')})`])];
}

/** One finding over several lines, uncut. */
function formatFinding(finding: PlacedFinding, { style }: RowOptions): string {
  const { severity: level, scanner, rule, evidence = {} } = finding;
  const layer = layerCell(finding).text;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['file', place(finding)],
    ['layer', layer === '' ? undefined : layer],
    ['package', finding.purl],
    ['sha256', finding.sha256],
    ['signatures', finding.signatures],
    ...Object.entries(evidence).map(([name, value]) => [name, [value].flat().join(', ')] as const),
  ];
  const lines = fields
    .filter(([, text]) => text !== undefined && text !== '')
    .map(
      ([name, text]) => `  ${style('dim', `${visibleLine(name)}:`)} ${visibleLine(text ?? '')}\n`,
    );
  const head = `${style(severityStyles[level], level)}  ${visibleLine(`${scanner}: ${rule}`)}`;
  return `${head}  ${visibleLine(finding.title)}\n${lines.join('')}`;
}

function place({ path, line, offset }: PlacedFinding): string | undefined {
  if (path === undefined) return undefined;
  if (line !== undefined) return `${path}, line ${line}`;
  return offset === undefined ? path : `${path}, byte ${offset}`;
}

/** By type and name. */
export function formatPackages({ packages }: InspectionReport, options: RowOptions): string {
  if (packages.length === 0) return '';
  const rows = packages
    .toSorted((a, b) => compare(`${a.type} ${a.name}`, `${b.type} ${b.name}`))
    .map((one): readonly Cell[] => [
      { text: one.type, style: 'dim' },
      { text: visibleLine(one.name) },
      { text: visibleLine(one.version) },
      { text: one.state === 'installed' ? '' : one.state, style: 'yellow' },
      layerCell(one),
      { text: visibleLine(one.path), style: 'dim' },
    ]);
  const head = header(['TYPE', 'NAME', 'VERSION', 'STATE', 'LAYER', 'FOUND IN']);
  return `${title('Packages', options)}${alignRows([head, ...rows], options)}`;
}

/** By path; hidden files follow the visible file of the path. */
export function formatFiles({ files = [] }: InspectionReport, options: RowOptions): string {
  const rows = files
    .toSorted((a, b) => compare(a.path, b.path) || a.layer - b.layer)
    .map((file): readonly Cell[] => [
      { text: file.type === 'file' ? (file.kind ?? 'file') : file.type, style: 'dim' },
      { text: file.mode.toString(8).padStart(4, '0') },
      { text: `${file.uid}:${file.gid}` },
      { text: formatSize(Math.max(0, file.sizeBytes)) },
      layerCell(file),
      { text: visibleLine(file.path) },
    ]);
  const head = header(['KIND', 'MODE', 'OWNER', 'SIZE', 'LAYER', 'PATH']);
  const members = files.filter(({ path }) => path.includes('!/')).length;
  const regular = files.filter(({ type }) => type === 'file').length - members;
  const inArchives = members === 0 ? '' : `; ${plural(members, 'member')} of archives`;
  const entries = plural(files.length - members, 'entry', 'entries');
  const count = `${entries}, of which ${plural(regular, 'file')}${inArchives}\n`;
  return `${title('Files', options)}${alignRows([head, ...rows], options)}${count}`;
}

function layerCell(at: { layer?: number | undefined; hiddenBy?: number | undefined }): Cell {
  if (at.layer === undefined) return { text: '' };
  if (at.hiddenBy === undefined) return { text: String(at.layer) };
  return { text: `${at.layer} (hidden by ${at.hiddenBy})`, style: 'yellow' };
}

function header(labels: readonly string[]): readonly Cell[] {
  return labels.map((text) => ({ text, style: 'dim' }));
}

function title(text: string, { style }: RowOptions): string {
  return `\n${style('bold', text)}\n`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
