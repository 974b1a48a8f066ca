/**
 * Reads lists of digests: one per line, hashdeep, CSV with a header, and exports of MISP events as
 * JSON or CSV. Sources: hashdeep's manual (file format 1.0), the MISP core format.
 */

import { scanLimits } from '../limits.ts';
import { parseCsv } from '../lists/csv.ts';
import { ListError } from '../lists/list-error.ts';
import type { HashAlgorithm, HashEntry } from './hash-list.ts';

export type HashListFormat = 'plain' | 'hashdeep' | 'csv' | 'misp-csv' | 'misp-json';

export interface ParsedHashes {
  readonly format: HashListFormat;
  readonly entries: readonly HashEntry[];
  /** Lines and rows without a valid digest. */
  readonly skipped: number;
}

/** Reads a list of any of the formats, detected by its beginning. Throws ListError. */
export function parseHashList(text: string): ParsedHashes {
  if (text.length > scanLimits.hashListChars) throw new ListError('the list is too large');
  const format = detectFormat(text);
  const collector = new Collector();
  if (format === 'misp-json') readMispJson(text, collector);
  else if (format === 'plain') readPlain(text, collector);
  else readTable(text, format, collector);
  return { format, entries: collector.entries, skipped: collector.skipped };
}

class Collector {
  readonly entries: HashEntry[] = [];
  skipped = 0;

  /** Adds a digest, whose algorithm is determined by its length; returns whether it was one. */
  add(
    digest: unknown,
    more: { sizeBytes?: number | undefined; label?: string | undefined },
  ): boolean {
    const algorithm = typeof digest === 'string' ? algorithmOf(digest.trim()) : undefined;
    if (algorithm === undefined || typeof digest !== 'string') return false;
    if (this.entries.length >= scanLimits.hashListEntries) {
      throw new ListError(`the list has more than ${scanLimits.hashListEntries} digests`);
    }
    const { sizeBytes, label } = more;
    this.entries.push({
      algorithm,
      digest: digest.trim().toLowerCase(),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(label === undefined || label === '' ? {} : { label: label.slice(0, labelChars) }),
    });
    return true;
  }
}

const labelChars = 200;
const algorithmByLength: Readonly<Record<number, HashAlgorithm>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
};

function detectFormat(text: string): HashListFormat {
  const start = text
    .slice(0, 2_000)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (start.startsWith('%%%% HASHDEEP')) return 'hashdeep';
  if (start.startsWith('{') || start.startsWith('[')) return 'misp-json';
  const header = start.split(/\r?\n/).find((line) => line !== '' && !/^[#%]/.test(line)) ?? '';
  const names = header.toLowerCase().replaceAll('"', '').split(',');
  if (names.includes('type') && names.includes('value')) return 'misp-csv';
  return names.some((name) => columnOf(name) === 'digest') ? 'csv' : 'plain';
}

/** The first word of a line; the rest, as in the output of sha256sum, is the label. */
function readPlain(text: string, collector: Collector): void {
  for (const line of text.split(/\r?\n/)) {
    const content = line.trim();
    if (content === '' || /^[#;%]/.test(content)) continue;
    const tagged = /^(?:sha256|sha1|md5) \((.*)\) = (\S+)$/is.exec(content);
    if (tagged !== null) {
      // The output of `sha256sum --tag`, and of the programs of BSD.
      if (!collector.add(tagged[2], { label: tagged[1] })) collector.skipped += 1;
      continue;
    }
    const [, digest = '', label = ''] = /^([^\s,;]+)[\s,;]*(.*)$/s.exec(content) ?? [];
    const bare = digest.replace(/^(?:sha256|sha1|md5):/i, '');
    if (!collector.add(bare, { label: label.replace(/^\*/, '') })) collector.skipped += 1;
  }
}

function readTable(text: string, format: HashListFormat, collector: Collector): void {
  let columns: readonly Column[] | undefined =
    format === 'hashdeep' ? readDeepHeader(text) : undefined;
  // MISP tables also contain domains, addresses and other kinds of digests.
  let typeAt = -1;
  for (const fields of parseCsv(text)) {
    if (columns === undefined) {
      const names = fields.map((field) => field.toLowerCase().trim());
      columns = names.map((name) => columnOf(name));
      if (format === 'misp-csv') typeAt = names.indexOf('type');
      continue;
    }
    if (typeAt >= 0 && !digestType.test(fields[typeAt] ?? '')) continue;
    // Only the last column of hashdeep files, the name, may contain commas.
    const values = format === 'hashdeep' ? joinLast(fields, columns.length) : fields;
    if (!readRow(values, columns, collector)) collector.skipped += 1;
  }
}

/** `sha256`, `filename|sha256`. */
const digestType = /(?:^|\|)(?:md5|sha1|sha256)$/;

type Column = 'digest' | 'size' | 'label' | undefined;

function columnOf(name: string): Column {
  const bare = name.replaceAll(/[^a-z0-9]/g, '');
  if (/^(?:md5|sha1|sha256)(?:hash|sum|digest)?$|^(?:hash|digest|value)$/.test(bare))
    return 'digest';
  if (/^(?:file)?size(?:bytes)?$/.test(bare)) return 'size';
  return /^(?:file)?name$|^(?:label|comment|signature|path|threat|family)$/.test(bare)
    ? 'label'
    : undefined;
}

/** `%%%% size,md5,sha256,filename`, the second line of a hashdeep file. */
function readDeepHeader(text: string): readonly Column[] {
  const line = /^%%%% (size,[a-z0-9,]{1,200})\r?$/m.exec(text)?.[1];
  if (line === undefined) throw new ListError('a hashdeep file must name its columns');
  return line.split(',').map((name) => columnOf(name));
}

function joinLast(fields: readonly string[], count: number): readonly string[] {
  return [...fields.slice(0, count - 1), fields.slice(count - 1).join(',')];
}

/** A row may have several digests of the same file: each becomes an entry. */
function readRow(fields: readonly string[], columns: readonly Column[], to: Collector): boolean {
  const valueOf = (column: Column): string | undefined => fields[columns.indexOf(column)];
  const size = columns.includes('size') ? Number(valueOf('size') || Number.NaN) : Number.NaN;
  const more = {
    sizeBytes: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    label: columns.includes('label') ? valueOf('label') : undefined,
  };
  let found = false;
  for (const [at, column] of columns.entries()) {
    if (column !== 'digest') continue;
    // MISP writes `filename|sha256` pairs as `name|digest`.
    const value = fields[at]?.split('|').at(-1);
    if (to.add(value, more)) found = true;
  }
  return found;
}

/** A MISP event, a list of them, or a search response: attributes also inside objects. */
function readMispJson(text: string, collector: Collector): void {
  const open: unknown[] = [parseJson(text)];
  for (let visited = 0; open.length > 0; visited += 1) {
    if (visited > scanLimits.hashListEntries * 4)
      throw new ListError('the list has too many parts');
    const value = open.pop();
    if (Array.isArray(value)) for (const each of value.toReversed()) open.push(each);
    else if (isRecord(value)) readMispObject(value, open, collector);
  }
}

function readMispObject(value: Record<string, unknown>, open: unknown[], to: Collector): void {
  const { type, value: text, comment } = value;
  if (typeof type === 'string' && typeof text === 'string') {
    if (digestType.test(type)) {
      const label = typeof comment === 'string' ? comment : undefined;
      if (!to.add(text.split('|').at(-1), { label })) to.skipped += 1;
    }
    return;
  }
  for (const key of ['response', 'Event', 'Object', 'Attribute', 'ShadowAttribute']) {
    if (Object.hasOwn(value, key)) open.push(value[key]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new ListError('the list starts like JSON, but is not valid JSON');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function algorithmOf(digest: string): HashAlgorithm | undefined {
  return /^[0-9a-f]+$/i.test(digest) ? algorithmByLength[digest.length] : undefined;
}
