/** What lies between two images, for people: added with +, removed with -, changed with ~. */
import type { PackageDifference, PlacedFinding, ReportDifference } from '@lazaret/protocol';

import { alignRows, type Cell, type RowOptions } from './aligned-rows.ts';
import { severityStyles, verdictStyles } from './inspection-words.ts';
import { visibleLine } from './visible-text.ts';

const filesShown = 100;

type Sign = '+' | '-' | '~';
const signStyles = { '+': 'green', '-': 'red', '~': 'yellow' } as const;

/** Sections without a difference are left out. */
export function formatDifference(difference: ReportDifference, options: RowOptions): string {
  const { style } = options;
  const { before, after, layers, caveats } = difference;
  const side = ({ name, verdict }: ReportDifference['before']): string =>
    `${visibleLine(name)}  ${style(verdictStyles[verdict.state], verdict.state)}`;
  const parts = [
    `${style('red', '-')} ${side(before)}\n${style('green', '+')} ${side(after)}\n`,
    `Layers: ${layers.common} in common, ${layers.removed} gone, ${layers.added} new\n`,
    ...caveats.map((caveat) => `${style('yellow', 'note:')} ${visibleLine(caveat)}\n`),
    section('Findings', findingRows(difference.findings), options),
    section('Packages', packageRows(difference.packages), options),
    section('Configuration', configRows(difference.config), options),
    formatFiles(difference.files, options),
  ];
  const text = parts.join('');
  return parts.slice(-4).every((part) => part === '') ? `${text}No difference was found.\n` : text;
}

function section(title: string, rows: readonly (readonly Cell[])[], options: RowOptions): string {
  if (rows.length === 0) return '';
  return `\n${options.style('bold', title)}\n${alignRows(rows, options)}`;
}

function sign(text: Sign): Cell {
  return { text, style: signStyles[text] };
}

function findingRows(findings: ReportDifference['findings']): readonly (readonly Cell[])[] {
  const row = (mark: Sign, finding: PlacedFinding): readonly Cell[] => [
    sign(mark),
    { text: finding.severity, style: severityStyles[finding.severity] },
    { text: visibleLine(`${finding.scanner}: ${finding.rule}`) },
    { text: visibleLine(finding.path ?? finding.purl ?? finding.title) },
  ];
  return [
    ...findings.new.map((one) => row('+', one)),
    ...findings.gone.map((one) => row('-', one)),
  ];
}

function packageRows(packages: ReportDifference['packages']): readonly (readonly Cell[])[] {
  const versions = ({ before, after }: PackageDifference): string =>
    [before.join(', '), after.join(', ')].filter((text) => text !== '').join(' -> ');
  const row = (mark: Sign, one: PackageDifference): readonly Cell[] => [
    sign(mark),
    { text: one.type, style: 'dim' },
    { text: visibleLine(one.name) },
    { text: visibleLine(versions(one)) },
  ];
  return [
    ...packages.added.map((one) => row('+', one)),
    ...packages.removed.map((one) => row('-', one)),
    ...packages.changed.map((one) => row('~', one)),
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
  const { added, removed, changed } = files;
  const rows = [
    ...added.map(({ path }) => [sign('+'), { text: '' }, { text: visibleLine(path) }]),
    ...removed.map(({ path }) => [sign('-'), { text: '' }, { text: visibleLine(path) }]),
    ...changed.map(({ path, fields = [] }) => [
      sign('~'),
      { text: visibleLine(fields.join(', ')), style: 'dim' as const },
      { text: visibleLine(path) },
    ]),
  ];
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed`;
  const left = rows.length - filesShown;
  const more = left > 0 ? `and ${left} more; --output json lists them\n` : '';
  const listed = section(`Files: ${counts}`, rows.slice(0, filesShown), options);
  return listed === '' ? '' : `${listed}${more}`;
}
