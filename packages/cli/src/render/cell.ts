/** Formats values for display. Field names end with the unit, which decides the format. */
import { formatDuration, formatSize, severity, type Severity } from '@lazaret/protocol';

import { visibleLine } from './visible-text.ts';

export interface CellOptions {
  readonly now: number;
  /** For tables: digests are shortened, times are relative. */
  readonly short: boolean;
  /** For wide tables: whole digests, and times without their age. */
  readonly wide?: boolean;
}

const emptyCell = '-';
const digest = /^(?:sha256:)?([0-9a-f]{64})$/;

/** The value at a dotted path, such as `outcome.code`. */
export function valueAt(item: unknown, path: string): unknown {
  let value = item;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** An uploaded archive by its file name, with a shortened digest; undefined for other items. */
export function archiveLabel(item: unknown, path: string): string | undefined {
  if (path !== 'reference') return undefined;
  const name = valueAt(item, 'archive.name');
  const sha256 = valueAt(item, 'archive.sha256');
  if (typeof name !== 'string' || typeof sha256 !== 'string') return undefined;
  return `${visibleLine(name)} (artifact:${sha256.slice(0, 12)})`;
}

/** A value on one line, escaped for a terminal. */
export function formatCell(name: string, value: unknown, options: CellOptions): string {
  if (value === null || value === undefined || value === '') return emptyCell;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatNumber(name, value);
  if (typeof value === 'string') return formatString(name, value, options);
  if (Array.isArray(value)) return formatList(name, value, options);
  return formatRecord(value as Record<string, unknown>, options);
}

/** `Created` from `createdAt`, `Size` from `sizeBytes`, `Outcome` from `outcome.code`. */
export function labelOf(path: string): string {
  const parts = path.split('.');
  const last = parts.at(-1) ?? path;
  const isDetail = parts.length > 1 && ['code', 'count', 'digest', 'name', 'state'].includes(last);
  const isProblem = path.endsWith('problem.detail');
  const name = (isDetail || isProblem ? parts.at(-2) : last) ?? path;
  const words = name
    .replace(/(?<=.)(At|Bytes|Ms)$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** `2m ago`, `in 3d`, `just now`. */
export function formatAge(at: number, now: number): string {
  const seconds = Math.round(Math.abs(now - at) / 1_000);
  if (seconds < 2) return 'just now';
  const steps: readonly [number, string][] = [
    [60, 's'],
    [60, 'm'],
    [24, 'h'],
    [365, 'd'],
  ];
  let value = seconds;
  let unit = 'y';
  for (const [size, name] of steps) {
    unit = name;
    if (value < size) break;
    value = Math.floor(value / size);
    unit = 'y';
  }
  return at > now ? `in ${value}${unit}` : `${value}${unit} ago`;
}

/** `2026-11-21 03:42:50` in the reader's own time zone. */
export function formatMoment(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function formatNumber(name: string, value: number): string {
  if (name.endsWith('Bytes')) return formatSize(value);
  if (name.endsWith('Ms')) return formatDuration(value);
  // as ls and chmod show it
  if (name === 'mode') return value.toString(8).padStart(4, '0');
  return String(value);
}

/** Fields that are times. */
const timeName = /(?:(?:^a|[a-z]A)t|^expires|Until|^since|Since)$/;
const isoTime = /^\d{4}-\d\d-\d\dT/;

function formatString(name: string, value: string, options: CellOptions): string {
  const { now, short, wide = false } = options;
  const at = timeName.test(name) && isoTime.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) {
    if (wide) return formatMoment(at);
    return short ? formatAge(at, now) : `${formatMoment(at)} (${formatAge(at, now)})`;
  }
  const hash = short ? digest.exec(value)?.[1] : undefined;
  return hash === undefined ? visibleLine(value) : hash.slice(0, 12);
}

function formatList(name: string, list: readonly unknown[], options: CellOptions): string {
  if (list.length === 0) return emptyCell;
  if (options.short && name === 'inputs' && list.length > 1) {
    return `${formatItem(list[0], options)} +${list.length - 1}`;
  }
  return list.map((item) => formatItem(item, options)).join(', ');
}

function formatItem(item: unknown, options: CellOptions): string {
  if (typeof item !== 'object' || item === null) return formatCell('', item, options);
  const fields = item as Record<string, unknown>;
  if (typeof fields['role'] === 'string') {
    const project = fields['project'];
    return visibleLine(
      typeof project === 'string' ? `${fields['role']}@${project}` : fields['role'],
    );
  }
  if (typeof fields['name'] === 'string') return visibleLine(fields['name']);
  return formatRecord(fields, options);
}

function formatRecord(fields: Record<string, unknown>, options: CellOptions): string {
  if (isSeverityCounts(fields)) {
    const counts = formatSeverityCounts((one) => fields[one]);
    return counts === '' ? emptyCell : counts;
  }
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${visibleLine(key)}=${formatCell(key, value, options)}`,
  );
  return pairs.length === 0 ? emptyCell : pairs.join(', ');
}

/** `1 critical, 3 low`; empty when there is none. */
export function formatSeverityCounts(countOf: (one: Severity) => number): string {
  return severity.options
    .map((one) => [one, countOf(one)] as const)
    .filter(([, count]) => count > 0)
    .map(([one, count]) => `${count} ${one}`)
    .join(', ');
}

function isSeverityCounts(fields: Record<string, unknown>): fields is Record<Severity, number> {
  const keys = Object.keys(fields);
  return (
    keys.length === severity.options.length &&
    severity.options.every((one) => typeof fields[one] === 'number')
  );
}
