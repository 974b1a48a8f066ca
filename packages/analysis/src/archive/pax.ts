/**
 * The extended header records of pax: `LENGTH KEY=VALUE\n`, LENGTH counting the whole record.
 * Source: POSIX.1-2017 `pax`, "pax Header Block" and "pax Extended Header Keywords".
 */
import { TarError } from './tar-entry.ts';

/** Values by keyword; an empty value resets the keyword. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const xattrPrefix = 'SCHILY.xattr.';
const sparsePrefix = 'GNU.sparse.';
const sparseOffset = 'GNU.sparse.offset';
const sparseBytes = 'GNU.sparse.numbytes';
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

/**
 * Reads the body of a pax header that is at `offset` of the archive; throws TarError.
 * The values are views into the body.
 */
export function parsePax(body: Buffer, offset: number): PaxRecords {
  const records = new Map<string, Buffer>();
  const sparseMap: string[] = [];
  let at = 0;
  while (at < body.length) {
    const space = findLengthEnd(body, at);
    const length = space < 0 ? 0 : Number(body.toString('latin1', at, space));
    const end = at + length;
    const equals = space < 0 ? -1 : body.indexOf(0x3d, space);
    const whole = length > 0 && end <= body.length && body[end - 1] === 0x0a;
    if (!whole || equals <= space + 1 || equals >= end) {
      throw new TarError('bad_pax', offset, 'a record of the pax header is malformed');
    }
    const key = body.toString('utf8', space + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    if (key === sparseOffset || key === sparseBytes) addToMap(sparseMap, { key, value, offset });
    else records.set(key, value);
    at = end;
  }
  if (sparseMap.length > 0) records.set(`${sparsePrefix}map`, Buffer.from(sparseMap.join(',')));
  return records;
}

interface MapRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly offset: number;
}

/** Version 0.0 of sparse files repeats two keywords in turn, one pair for each piece. */
function addToMap(map: string[], { key, value, offset }: MapRecord): void {
  const expected = map.length % 2 === 0 ? sparseOffset : sparseBytes;
  if (key !== expected || value.includes(0x2c)) {
    throw new TarError('bad_sparse', offset, 'the map of a sparse file is out of order');
  }
  map.push(value.toString('latin1'));
}

/** The pax header's body for such records. */
export function formatPax(records: ReadonlyMap<string, string | Uint8Array>): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of records) {
    const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    let length = body.length + 1;
    while (String(length).length + body.length !== length) {
      length = String(length).length + body.length;
    }
    parts.push(Buffer.from(String(length)), body);
  }
  return Buffer.concat(parts);
}

/** The value of a keyword: a member's own before the global one; undefined when reset. */
export function paxValue(key: string, own: PaxRecords, global: PaxRecords): Buffer | undefined {
  const value = own.get(key) ?? global.get(key);
  return value === undefined || value.length === 0 ? undefined : value;
}

/** A keyword's decimal number; a fraction and a sign are allowed. Throws TarError. */
export function paxNumber(value: Buffer, offset: number): number {
  const text = value.toString('latin1');
  const number = /^-?\d{1,16}(\.\d{0,20})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(Math.abs(number) <= Number.MAX_SAFE_INTEGER)) {
    throw new TarError('bad_number', offset, 'a number of the pax header cannot be read');
  }
  return number;
}

/** The extended attributes among the records. */
export function paxXattrs(own: PaxRecords): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [key, value] of own) {
    if (!key.startsWith(xattrPrefix)) continue;
    xattrs ??= new Map();
    xattrs.set(key.slice(xattrPrefix.length), value);
  }
  return xattrs ?? noXattrs;
}

/** The keyword of an extended attribute. */
export function xattrKeyword(name: string): string {
  return xattrPrefix + name;
}

/** Whether the records describe a sparse file, whose content is a map and pieces. */
export function paxSparse(own: PaxRecords): boolean {
  for (const key of own.keys()) if (key.startsWith(sparsePrefix)) return true;
  return false;
}

/** Position of the space after up to ten digits, or -1. */
function findLengthEnd(body: Buffer, at: number): number {
  for (let cursor = at; cursor < Math.min(at + 11, body.length); cursor += 1) {
    const byte = body[cursor] ?? 0;
    if (byte === 0x20) return cursor > at ? cursor : -1;
    if (byte < 0x30 || byte > 0x39) return -1;
  }
  return -1;
}
