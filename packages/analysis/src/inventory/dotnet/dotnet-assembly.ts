/**
 * Assemblies of .NET: the version resource that every DLL carries. It is the only source if no
 * list of dependencies was published with them; the merge prefers that list.
 */

import { analysisLimits } from '../../limits.ts';
import { viewNumbers } from '../binary/number-view.ts';
import type { NumberView } from '../binary/number-view.ts';
import { offsetOfAddress } from '../binary/binary-image.ts';
import { parsePe } from '../binary/pe.ts';
import type { PeImage } from '../binary/pe.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader } from '../reader.ts';

export const dotnetAssemblyReader: Reader = {
  id: 'dotnet-assembly',
  version: 1,
  wants: { magic: ['MZ'] },
  accepts: ({ path }) => /\.(?:dll|exe)$/i.test(path),
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    const image = parsePe(file.bytes);
    if (image === undefined || !image.isManaged) return;
    const resource = findVersionResource(file.bytes, image);
    if (resource === undefined) return;
    const texts = parseVersionStrings(resource.bytes);
    const [inner = ''] = ['OriginalFilename', 'InternalName'].flatMap(
      (key) => texts.get(key) ?? [],
    );
    const name = inner.replace(/\.(?:dll|exe)$/i, '');
    const version = chooseVersion(texts);
    if (!/^[\w.-]{1,200}$/.test(name) || version === undefined) return;
    const supplier = texts.get('CompanyName');
    emit({
      kind: 'package',
      path: file.path,
      type: 'nuget',
      name,
      version,
      purl: packageUrl({ type: 'nuget', name, version }),
      foundBy: 'metadata',
      state: 'installed',
      offset: resource.offset,
      ...(supplier === undefined ? {} : { supplier }),
    });
  },
};

/** The product version is that of the package, if it is a version: `13.0.3+0a2e291`. */
function chooseVersion(texts: ReadonlyMap<string, string>): string | undefined {
  for (const key of ['ProductVersion', 'FileVersion']) {
    const [text = ''] = (texts.get(key) ?? '').trim().split('+', 1);
    if (/^\d{1,9}(?:\.\d{1,9}){1,3}(?:-[\w.-]{1,60})?$/.test(text)) return text;
  }
  return undefined;
}

const versionType = 16;

interface Resource {
  readonly bytes: Buffer;
  readonly offset: number;
}

/** Type, name and language are three levels of a tree; the first leaf under the type counts. */
function findVersionResource(bytes: Buffer, image: PeImage): Resource | undefined {
  const root = offsetOfAddress(image, image.base + image.resources.address);
  if (root === undefined || image.resources.sizeBytes === 0) return undefined;
  const view = viewNumbers(bytes, image);
  let table = root;
  for (let level = 0; level < 3; level += 1) {
    const entry = pickEntry(view, table, level === 0 ? versionType : undefined);
    const isLeaf = entry < 0x80000000;
    if (entry === 0 || isLeaf !== (level === 2)) return undefined;
    table = root + (entry & 0x7fffffff);
  }
  const offset = offsetOfAddress(image, image.base + view.u32(table));
  if (offset === undefined) return undefined;
  return { offset, bytes: bytes.subarray(offset, offset + Math.min(view.u32(table + 4), 65_535)) };
}

/** Target of the first entry, or of the one of this type; 0 when there is none. */
function pickEntry(view: NumberView, table: number, type: number | undefined): number {
  const count = view.u16(table + 12) + view.u16(table + 14);
  for (let at = table + 16; at < table + 16 + count * 8; at += 8) {
    if (type === undefined || view.u32(at) === type) return view.u32(at + 4);
  }
  return 0;
}

/**
 * The texts of a VS_VERSIONINFO: blocks inside blocks, each with its length, the length of its
 * value, its type and its key in UTF-16. Read without recursion: the content of a block follows its
 * header.
 */
export function parseVersionStrings(bytes: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  let at = 0;
  for (
    let nodes = 0;
    nodes < inventoryLimits.versionResourceNodes && at + 6 < bytes.length;
    nodes += 1
  ) {
    const length = bytes.readUInt16LE(at);
    if (length < 6) break;
    const key = readWide(bytes, at + 6, bytes.length);
    const value = align(at + 6 + (key.length + 1) * 2);
    const isHead = key === 'StringFileInfo' || /^[0-9a-fA-F]{8}$/.test(key);
    if (key === 'VS_VERSION_INFO') at = align(value + bytes.readUInt16LE(at + 2));
    else if (isHead) at = value;
    else {
      const end = Math.min(bytes.length, at + length);
      if (bytes.readUInt16LE(at + 4) === 1 && !texts.has(key)) {
        texts.set(key, readWide(bytes, value, end));
      }
      at = align(at + length);
    }
  }
  return texts;
}

function align(at: number): number {
  return (at + 3) & ~3;
}

function readWide(bytes: Buffer, from: number, to: number): string {
  let end = from;
  while (end + 1 < to && end - from < 1_024 && bytes.readUInt16LE(end) !== 0) end += 2;
  return from < to ? bytes.toString('utf16le', from, end) : '';
}
