/** The result of the engine `strings` (`lazaret-strings/1`) as rows of a table. */
import type { JsonValue } from './json-document.ts';

export const stringsFormat = 'lazaret-strings/1';

export const stringKinds = [
  'url',
  'email',
  'ip',
  'domain',
  'path',
  'registry',
  'library',
  'base64',
  'text',
] as const;
export type StringKind = (typeof stringKinds)[number];

export interface StringRow {
  readonly offset: number;
  readonly encoding: string;
  readonly text: string;
  /** Of the complete string; `text` may be truncated. */
  readonly lengthChars: number;
  readonly kind: StringKind;
}

export interface Entropy {
  /** Of the complete file. */
  readonly bitsPerByte: number;
  readonly blockBytes: number;
  readonly blocks: readonly number[];
}

export interface StringsResult {
  readonly sizeBytes: number;
  readonly type: { readonly mime: string | null; readonly description: string | null };
  readonly hashes: readonly (readonly [string, string])[];
  readonly entropy: Entropy;
  readonly found: number;
  readonly isTruncated: boolean;
  readonly rows: readonly StringRow[];
}

/** The parts of the result in the documented format; undefined for another document. */
export function readStringsResult(document: JsonValue): StringsResult | undefined {
  const root = recordOf(document);
  const strings = recordOf(root?.['strings']);
  const entropy = recordOf(root?.['entropy']);
  const items = strings?.['items'];
  const isKnown = root?.['format'] === stringsFormat && Array.isArray(items);
  if (!isKnown || entropy === undefined) return undefined;
  const type = recordOf(root['type']);
  return {
    sizeBytes: numberOf(root['sizeBytes']),
    type: { mime: textOf(type?.['mime']), description: textOf(type?.['description']) },
    hashes: readHashes(root['hashes']),
    entropy: readEntropy(entropy),
    found: numberOf(strings?.['found']),
    isTruncated: strings?.['truncated'] === true,
    rows: items.flatMap(readRow),
  };
}

function readHashes(value: JsonValue | undefined): (readonly [string, string])[] {
  return Object.entries(recordOf(value) ?? {}).flatMap(([name, digest]) =>
    typeof digest === 'string' ? [[name, digest] as const] : [],
  );
}

function readEntropy(entropy: Readonly<Record<string, JsonValue>>): Entropy {
  const blocks = entropy['windows'];
  return {
    bitsPerByte: numberOf(entropy['bitsPerByte']),
    blockBytes: numberOf(entropy['windowBytes']),
    blocks: Array.isArray(blocks) ? blocks.map(numberOf) : [],
  };
}

function readRow(item: JsonValue): StringRow[] {
  const record = recordOf(item);
  const text = record?.['text'];
  if (record === undefined || typeof text !== 'string') return [];
  const lengthChars = record['lengthChars'];
  return [
    {
      offset: numberOf(record['offset']),
      encoding: textOf(record['encoding']) ?? 'ascii',
      text,
      lengthChars: typeof lengthChars === 'number' ? lengthChars : text.length,
      kind: kindOfString(text),
    },
  ];
}

const patterns: readonly (readonly [StringKind, RegExp])[] = [
  ['url', /\b[a-z][a-z0-9+.-]{1,11}:\/\/[^\s/]/i],
  ['email', /\b[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}\b/i],
  ['registry', /^(?:HKEY_|HKLM\\|HKCU\\|SOFTWARE\\|SYSTEM\\CurrentControlSet)/i],
  ['ip', /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/],
  ['library', /^[\w.+/\\-]{1,120}\.(?:so(?:\.\d+)*|dll|dylib)$/i],
  ['path', /^(?:[A-Za-z]:\\|\\\\[\w.-]+\\|~\/|\.{1,2}\/|\/(?:[\w.@%+-]+\/)*[\w.@%+-]+\/?$)/],
  [
    'base64',
    /^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?:[A-Za-z0-9+/]{4}){10,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  ],
  [
    'domain',
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}(?:com|net|org|info|biz|io|ru|cn|su|top|xyz|online|site|club|onion|de|uk|fr|nl|pl|br|in|ir|ua|kr|jp|eu|us|me|co|tk|cc|ws|pw)$/i,
  ],
];

/** The kind of a string; the first match. Only an indication for readers. */
export function kindOfString(text: string): StringKind {
  const start = text.slice(0, 512);
  return patterns.find(([, pattern]) => pattern.test(start))?.[0] ?? 'text';
}

export type StringSort = 'offset' | 'length' | 'text' | 'kind';

export interface StringFilter {
  readonly text: string;
  readonly encoding: string;
  readonly kind: StringKind | '';
  readonly minLength: number;
  readonly sort: StringSort;
  readonly descending: boolean;
}

/** The rows that match, sorted. */
export function filterStrings(rows: readonly StringRow[], filter: StringFilter): StringRow[] {
  const wanted = filter.text.trim().toLowerCase();
  const found = rows.filter(
    (row) =>
      (filter.encoding === '' || row.encoding === filter.encoding) &&
      (filter.kind === '' || row.kind === filter.kind) &&
      row.lengthChars >= filter.minLength &&
      (wanted === '' || row.text.toLowerCase().includes(wanted)),
  );
  const direction = filter.descending ? -1 : 1;
  const value = sortValues[filter.sort];
  return found.sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === right) return a.offset - b.offset;
    return (left < right ? -1 : 1) * direction;
  });
}

const sortValues: Readonly<Record<StringSort, (row: StringRow) => string | number>> = {
  offset: ({ offset }) => offset,
  length: ({ lengthChars }) => lengthChars,
  text: ({ text }) => text.toLowerCase(),
  kind: ({ kind }) => stringKinds.indexOf(kind),
};

export function countKinds(rows: readonly StringRow[]): ReadonlyMap<StringKind, number> {
  const counts = new Map<StringKind, number>();
  for (const { kind } of rows) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Above this, a block is compressed or encrypted in practice. */
export const highEntropyBits = 7.2;

export function countHighBlocks({ blocks }: Entropy): number {
  return blocks.filter((bits) => bits >= highEntropyBits).length;
}

function recordOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Readonly<Record<string, JsonValue>>) : undefined;
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
