/**
 * Paragraphs of fields as in deb-control(5). Only the requested fields are decoded;
 * a field of any size costs no more than finding its end.
 */

import { inventoryLimits } from '../limits.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import type { Line } from '../parsing/text-lines.ts';

export interface Paragraph {
  /** By name in lower case. Continuation lines follow after a line feed. */
  readonly fields: ReadonlyMap<string, string>;
  /** First line in the file, counted from 1. */
  readonly line: number;
  /** Whether its last line is ended by a line feed. */
  readonly closed: boolean;
}

const colon = 0x3a;
const hash = 0x23;
/** Longer than the name of any field. */
const nameBytes = 128;

export function* readParagraphs(
  bytes: Buffer,
  wanted: ReadonlySet<string>,
  warnings: ParseWarnings,
): Generator<Paragraph, void, undefined> {
  let fields = new Map<string, string>();
  let first = 0;
  let current: string | undefined;
  let number = 0;
  let closed = true;
  for (const line of linesOf(bytes)) {
    number += 1;
    closed = line.closed;
    if (isBlank(bytes, line)) {
      if (first > 0) yield { fields, line: first, closed: true };
      fields = new Map();
      first = 0;
      current = undefined;
      continue;
    }
    if (bytes[line.start] === hash) continue;
    if (first === 0) first = number;
    takeLine(line);
  }
  if (first > 0) yield { fields, line: first, closed };

  function takeLine(line: Line): void {
    if (isSpace(bytes[line.start])) {
      if (current !== undefined) append(fields, current, bytes.subarray(line.start, line.end));
      return;
    }
    const name = fieldName(bytes, line);
    if (name === undefined) warnings.add('damaged', `line ${number} is not a field`);
    current = name !== undefined && wanted.has(name) ? name : undefined;
    if (current === undefined) return;
    if (fields.has(current)) warnings.add('damaged', `line ${number} repeats the field ${current}`);
    fields.delete(current);
    append(fields, current, bytes.subarray(bytes.indexOf(colon, line.start) + 1, line.end));
  }

  function append(to: Map<string, string>, name: string, value: Buffer): void {
    const before = to.get(name);
    if ((before?.length ?? 0) + value.length > inventoryLimits.packageFieldBytes) {
      to.delete(name);
      current = undefined;
      warnings.add(
        'too_large',
        `the field ${name} has more than ${inventoryLimits.packageFieldBytes} bytes (line ${number})`,
      );
      return;
    }
    const text = textOf(value).trim();
    to.set(name, before === undefined ? text : `${before}\n${text}`);
  }
}

function fieldName(bytes: Buffer, { start, end }: Line): string | undefined {
  const head = bytes.subarray(start, Math.min(end, start + nameBytes));
  const cut = head.indexOf(colon);
  return cut <= 0 ? undefined : head.toString('latin1', 0, cut).trim().toLowerCase();
}

function isBlank(bytes: Buffer, { start, end }: Line): boolean {
  for (let at = start; at < end; at += 1) if (!isSpace(bytes[at])) return false;
  return true;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
