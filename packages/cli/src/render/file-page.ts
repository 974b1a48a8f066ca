/** A file as text: everything that jobs, results and images say about one content. */
import { formatSize, type FileDetail } from '@lazaret/protocol';

import { formatAge } from './cell.ts';
import { formatFacts, type FactRow } from './fact-rows.ts';
import type { PageOptions } from './page.ts';
import { styleState } from './style.ts';
import { formatTable } from './table.ts';

interface ListStart {
  readonly items: readonly unknown[];
  readonly count: number;
  readonly isMore: boolean;
}

/** The whole page; lists with their beginning and their length. */
export function formatFilePage(file: FileDetail, options: PageOptions): string {
  const { style } = options;
  const section = (title: string, list: ListStart, columns: readonly string[]): string => {
    if (list.items.length === 0) return '';
    const count = list.isMore ? `more than ${list.count}` : String(list.count);
    const shown = list.items.length < list.count ? `, the first ${list.items.length} of them` : '';
    const head = `\n${style('bold', title)}${style('dim', ` (${count}${shown})`)}\n`;
    return `${head}${formatTable(list.items, { ...options, columns })}`;
  };
  const all = (items: readonly unknown[]): ListStart => {
    return { items, count: items.length, isMore: false };
  };
  return [
    formatFacts(headRows(file, options), options),
    section('Findings', all(file.findings), ['severity', 'rule', 'scanner', 'title']),
    section('Jobs', file.jobs, ['id', 'engine', 'state', 'createdAt']),
    section('Result of jobs', file.results, ['job', 'engine', 'state', 'path']),
    section('In images', file.places, ['image', 'verdict', 'layer', 'path']),
  ].join('');
}

function headRows(file: FileDetail, { now, style }: PageOptions): readonly FactRow[] {
  const stored = file.artifacts.map(({ project }) => `in project ${project}`);
  const origins = file.origins.map(({ reference, path, createdBy, createdAt }) => {
    return `${path} of ${reference}, ${formatAge(Date.parse(createdAt), now)} by ${createdBy}`;
  });
  const verdicts = [...new Set(file.places.items.map(({ verdict }) => verdict))];
  return [
    ['SHA-256', [file.sha256]],
    ['SHA-1', file.sha1 === null ? [] : [file.sha1]],
    ['MD5', file.md5 === null ? [] : [file.md5]],
    ['Size', [`${formatSize(file.sizeBytes)} (${file.sizeBytes} bytes)`]],
    ['Type', file.kind === null ? [] : [file.kind]],
    ['Names', file.names],
    ['Stored', stored.length === 0 ? ['no; it can be read from images'] : stored],
    ['Extracted from', origins],
    ['Images', verdicts.map((verdict) => styleState(style, verdict))],
  ];
}
