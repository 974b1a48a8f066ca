/**
 * Core metadata of Python distributions, https://packaging.python.org/en/latest/specifications/
 * core-metadata/: fields like those of a mail header, up to the first empty line.
 */
import { limits } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { ReadError } from '../reader.ts';
import type { FoundPackage } from '../found-package.ts';
import { pythonName } from './python-name.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Throws ReadError when the name or the version is missing. */
export function readPythonMetadata(bytes: Buffer): FoundPackage {
  const fields = readHeader(bytes);
  const first = (name: string): string | undefined => fields.get(name)?.[0];
  const [name, version] = [first('name'), first('version')];
  if (name === undefined || version === undefined) {
    throw new ReadError('missing_part', 'has no name or no version');
  }
  return {
    type: 'pypi',
    name: pythonName(name),
    version,
    foundBy: 'metadata',
    state: 'installed',
    licenses: licensesOf(fields),
    supplier: first('author') ?? first('author-email'),
    dependsOn: (fields.get('requires-dist') ?? []).flatMap(requirementName),
  };
}

function readHeader(bytes: Buffer): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  const hasMark = bytes.subarray(0, 3).equals(byteOrderMark);
  const body = hasMark ? bytes.subarray(3) : bytes;
  let count = 0;
  for (const { start, end } of linesOf(body)) {
    if (start === end) break;
    count += 1;
    if (count > inventoryLimits.readerListItems)
      throw new ReadError('too_many', 'the header is too long');
    addField(fields, textOf(body, start, Math.min(end, start + limits.pathBytes)));
  }
  return fields;
}

function addField(fields: Map<string, string[]>, line: string): void {
  const [, key, written] = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line) ?? [];
  const value = written?.trim() ?? '';
  if (key === undefined || value === '' || value === 'UNKNOWN') return;
  const values = fields.get(key.toLowerCase()) ?? [];
  if (values.length < inventoryLimits.packageDependencies) values.push(value);
  fields.set(key.toLowerCase(), values);
}

/** The expression when there is one; else a short text, else what the classifiers say. */
function licensesOf(fields: ReadonlyMap<string, readonly string[]>): string[] {
  const expression = fields.get('license-expression')?.[0];
  if (expression !== undefined) return [expression];
  const text = fields.get('license')?.[0];
  if (text !== undefined && text.length <= 64) return [text];
  return (fields.get('classifier') ?? [])
    .filter((classifier) => classifier.startsWith('License ::'))
    .map((classifier) => classifier.split('::').at(-1)?.trim() ?? '');
}

/** Dependencies of extras are omitted. */
function requirementName(requirement: string): string[] {
  const name = /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(requirement)?.[0];
  const marker = requirement.indexOf(';');
  const isExtra = marker >= 0 && /\bextra\b/.test(requirement.slice(marker));
  return name === undefined || isExtra ? [] : [pythonName(name)];
}
