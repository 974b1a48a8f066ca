/** Differences between two images as text: + added, - removed, ~ changed, > moved, ? unknown. */
import {
  describeIncomparability,
  groupByDirectory,
  plural,
  type FileDifference,
  type MovedPackage,
  type PackageDifference,
  type PlacedFinding,
  type ReportDifference,
} from '@lazaret/protocol';

import { alignRows, type Cell, type RowOptions } from './aligned-rows.ts';
import { severityStyles, verdictStyles } from './inspection-labels.ts';
import { visibleLine } from './visible-text.ts';

const filesShown = 100;

type Sign = '+' | '-' | '~' | '>' | '?';
const signStyles = { '+': 'green', '-': 'red', '~': 'yellow', '>': 'cyan', '?': 'dim' } as const;
const onlyFirst = 'first image only';
const onlySecond = 'second image only';

export interface DifferenceOptions extends RowOptions {
  /** How to have files compared, when they were not. */
  readonly filesHint: string;
}

/** Sections without a difference are omitted. */
export function formatDifference(difference: ReportDifference, options: DifferenceOptions): string {
  const { style } = options;
  const { before, after, layers, caveats, notComparable } = difference;
  const side = ({ name, verdict }: ReportDifference['before']): string =>
    `${visibleLine(name)}  ${style(verdictStyles[verdict.state], verdict.state)}`;
  const sections = [
    section('Findings', findingRows(difference.findings), options),
    section('Packages', packageRows(difference.packages), options),
    section('Configuration', configRows(difference.config), options),
    formatFiles(difference.files, options),
  ];
  const isEmpty = sections.every((part) => part === '');
  const parts = [
    `${style('red', '-')} ${side(before)}\n${style('green', '+')} ${side(after)}\n`,
    `Layers: ${layers.common} in common, ${layers.removed} removed, ${layers.added} added\n`,
    ...caveats.map((caveat) => `${style('yellow', 'note:')} ${visibleLine(caveat)}\n`),
    ...notComparable.map(
      (one) =>
        `${style('yellow', 'not comparable:')} ${visibleLine(describeIncomparability(one))}\n`,
    ),
    ...(difference.files === undefined
      ? [`${style('yellow', 'note:')} files not compared; ${options.filesHint}\n`]
      : []),
    ...sections,
    ...(isEmpty ? [emptyLine(notComparable.length > 0)] : []),
  ];
  return parts.join('');
}

function emptyLine(isPartial: boolean): string {
  return isPartial ? 'No differences in the comparable parts.\n' : 'No differences.\n';
}

function section(title: string, rows: readonly (readonly Cell[])[], options: RowOptions): string {
  if (rows.length === 0) return '';
  return `\n${options.style('bold', title)}\n${alignRows(rows, options)}`;
}

function sign(text: Sign): Cell {
  return { text, style: signStyles[text] };
}

function findingRows(findings: ReportDifference['findings']): readonly (readonly Cell[])[] {
  const row = (mark: Sign, finding: PlacedFinding, note?: string): readonly Cell[] => [
    sign(mark),
    { text: finding.severity, style: severityStyles[finding.severity] },
    { text: visibleLine(`${finding.scanner}: ${finding.rule}`) },
    { text: visibleLine(finding.path ?? finding.purl ?? finding.title) },
    ...(note === undefined ? [] : [{ text: visibleLine(note), style: 'dim' as const }]),
  ];
  const { notComparable } = findings;
  return [
    ...findings.new.map((one) => row('+', one)),
    ...findings.gone.map((one) => row('-', one)),
    ...findings.moved.map(({ finding, from }) => row('>', finding, `moved from ${from}`)),
    ...notComparable.before.map((one) => row('?', one, onlyFirst)),
    ...notComparable.after.map((one) => row('?', one, onlySecond)),
  ];
}

function packageRows(packages: ReportDifference['packages']): readonly (readonly Cell[])[] {
  const versions = ({ before, after }: PackageDifference): string =>
    [before.join(', '), after.join(', ')].filter((text) => text !== '').join(' -> ');
  const row = (mark: Sign, one: PackageDifference, note?: string): readonly Cell[] => [
    sign(mark),
    { text: one.type, style: 'dim' },
    { text: visibleLine(one.name) },
    { text: visibleLine(versions(one)) },
    ...(note === undefined ? [] : [{ text: note, style: 'dim' as const }]),
  ];
  const movedRow = ({ type, name, from, to }: MovedPackage): readonly Cell[] => [
    sign('>'),
    { text: type, style: 'dim' },
    { text: visibleLine(name) },
    { text: visibleLine(`moved: ${from.join(', ')} -> ${to.join(', ')}`) },
  ];
  return [
    ...packages.added.map((one) => row('+', one)),
    ...packages.removed.map((one) => row('-', one)),
    ...packages.changed.map((one) => row('~', one)),
    ...packages.moved.map((one) => movedRow(one)),
    ...packages.notComparable.before.map((one) => row('?', one, onlyFirst)),
    ...packages.notComparable.after.map((one) => row('?', one, onlySecond)),
  ];
}

function configRows(config: ReportDifference['config']): readonly (readonly Cell[])[] {
  return config.map(({ field, before, after }) => {
    const mark = before === undefined ? '+' : after === undefined ? '-' : '~';
    const text = [before, after].filter((value) => value !== undefined).join(' -> ');
    return [sign(mark), { text: visibleLine(field) }, { text: visibleLine(text) }];
  });
}

function formatFiles(files: ReportDifference['files'], options: RowOptions): string {
  if (files === undefined) return '';
  const { added, removed, changed, moved, notComparable } = files;
  const rows = [
    ...groupRows('+', added),
    ...groupRows('-', removed),
    ...changed.map(({ path, fields = [] }) => row('~', fields.join(', '), path)),
    ...moved.map(({ from, to }) => row('>', 'moved', `${from} -> ${to}`)),
    ...groupRows('?', notComparable.before, onlyFirst),
    ...groupRows('?', notComparable.after, onlySecond),
  ];
  const counts = [
    `${added.length} added, ${removed.length} removed`,
    `${changed.length} changed, ${moved.length} moved`,
  ].join(', ');
  const left = rows.length - filesShown;
  const more = left > 0 ? `and ${left} more; list all with -o json\n` : '';
  const listed = section(`Files: ${counts}`, rows.slice(0, filesShown), options);
  return listed === '' ? '' : `${listed}${more}`;
}

/** A directory that was added or removed is one row. */
function groupRows(
  mark: Sign,
  files: readonly FileDifference[],
  note = '',
): readonly (readonly Cell[])[] {
  return groupByDirectory(files).map(({ path, entries }) =>
    entries === undefined
      ? row(mark, note, path)
      : row(mark, [note, plural(entries.length, 'file')].filter(Boolean).join(', '), `${path}/`),
  );
}

function row(mark: Sign, note: string, path: string): readonly Cell[] {
  return [sign(mark), { text: visibleLine(note), style: 'dim' }, { text: visibleLine(path) }];
}
