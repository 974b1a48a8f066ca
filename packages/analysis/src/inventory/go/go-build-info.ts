/**
 * The build information that Go's linker leaves in a program, as Go's package debug/buildinfo
 * describes it: inline since Go 1.18, before that two pointers to strings.
 */

import { findSection, offsetOfAddress } from '../binary/binary-image.ts';
import { sectionBytes } from '../binary/binary-section.ts';
import type { BinaryImage } from '../binary/binary-section.ts';
import { viewNumbers } from '../binary/number-view.ts';
import { inventoryLimits } from '../limits.ts';

export interface GoModule {
  readonly path: string;
  readonly version: string;
}

export interface GoBuildInfo {
  /** `go1.22.1`, or the name of a development version. */
  readonly goVersion: string;
  /** Empty when the program was built without modules. */
  readonly mainPath: string;
  readonly main: GoModule | undefined;
  /** Linked modules; a replaced module is the replacement. */
  readonly modules: readonly GoModule[];
  readonly settings: ReadonlyMap<string, string>;
  /** Its offset in the file. */
  readonly offset: number;
  /** Invalid lines, and modules above the limit. */
  readonly warnings: number;
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const isBigEndianFlag = 1;
const isInlineFlag = 2;

/** Undefined when the program has none. */
export function findGoBuildInfo(bytes: Buffer, image: BinaryImage): GoBuildInfo | undefined {
  for (const { offset, sizeBytes } of places(bytes, image)) {
    const place = bytes.subarray(offset, offset + sizeBytes);
    let at = place.indexOf(magic);
    for (let tried = 0; at >= 0 && tried < inventoryLimits.binaryCandidates; tried += 1) {
      const found = readAt(bytes, offset + at, image);
      if (found !== undefined) return found;
      at = place.indexOf(magic, at + 1);
    }
  }
  return undefined;
}

/** Where to look: the section of that name, else writable data, else everything. */
function places(bytes: Buffer, image: BinaryImage): { offset: number; sizeBytes: number }[] {
  const section = findSection(image, '.go.buildinfo') ?? findSection(image, '__go_buildinfo');
  if (section !== undefined) return [section];
  if (image.format === 'pe') return image.sections.filter(({ isWritable }) => isWritable);
  const isStripped = image.sections.length === 0;
  return isStripped || isGo(image) ? [{ offset: 0, sizeBytes: bytes.length }] : [];
}

/** Whether sections are those of Go's linker. */
export function isGo(image: BinaryImage): boolean {
  const marks = ['.gopclntab', '__gopclntab', '.note.go.buildid', '.gosymtab', '__gosymtab'];
  return marks.some((name) => findSection(image, name) !== undefined);
}

function readAt(bytes: Buffer, at: number, image: BinaryImage): GoBuildInfo | undefined {
  if (at + 32 > bytes.length) return undefined;
  const flags = bytes.readUInt8(at + 15);
  const strings =
    (flags & isInlineFlag) === 0
      ? pointedStrings(bytes, at, { image, flags })
      : inlineStrings(bytes, at + 32);
  const [goVersion, modules] = strings;
  if (goVersion === undefined || goVersion.length === 0) return undefined;
  return { goVersion: goVersion.toString('utf8'), offset: at, ...parseModules(modules) };
}

type Strings = [goVersion: Buffer | undefined, modules: Buffer | undefined];

function inlineStrings(bytes: Buffer, at: number): Strings {
  const version = lengthString(bytes, at);
  if (version === undefined) return [undefined, undefined];
  return [version.text, lengthString(bytes, version.end)?.text];
}

/** A string after its length as a varint. */
function lengthString(bytes: Buffer, at: number): { text: Buffer; end: number } | undefined {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    const start = at + index + 1;
    if (length > inventoryLimits.buildInfoBytes || start + length > bytes.length) return undefined;
    return { text: bytes.subarray(start, start + length), end: start + length };
  }
  return undefined;
}

function pointedStrings(
  bytes: Buffer,
  at: number,
  { image, flags }: { image: BinaryImage; flags: number },
): Strings {
  const pointerBytes = bytes.readUInt8(at + 14);
  if (pointerBytes !== 4 && pointerBytes !== 8) return [undefined, undefined];
  const isBigEndian = (flags & isBigEndianFlag) !== 0;
  const view = viewNumbers(bytes, { isBigEndian, is64: pointerBytes === 8 });
  const read = (place: number): Buffer | undefined => {
    const header = offsetOfAddress(image, view.word(place));
    if (header === undefined) return undefined;
    const start = offsetOfAddress(image, view.word(header));
    const length = view.word(header + pointerBytes);
    if (start === undefined || length > inventoryLimits.buildInfoBytes) return undefined;
    return start + length > bytes.length
      ? undefined
      : sectionBytes(bytes, { offset: start, sizeBytes: length });
  };
  return [read(at + 16), read(at + 16 + pointerBytes)];
}

/** The list of modules is between two markers of 16 bytes. */
function parseModules(framed: Buffer | undefined): Omit<GoBuildInfo, 'goVersion' | 'offset'> {
  const isFramed = framed !== undefined && framed.length >= 33 && framed.at(-17) === 0x0a;
  const text = isFramed ? framed.toString('utf8', 16, framed.length - 16) : '';
  const list = new ModuleList();
  if (framed !== undefined && framed.length > 0 && !isFramed) list.warnings += 1;
  for (const line of text.split('\n')) if (line !== '') list.add(line);
  return list;
}

class ModuleList {
  mainPath = '';
  main: GoModule | undefined;
  readonly modules: GoModule[] = [];
  readonly settings = new Map<string, string>();
  warnings = 0;

  add(line: string): void {
    const [word, path = '', version = ''] = line.split('\t');
    if (word === 'path') this.mainPath = path;
    else if (word === 'mod') this.main = { path, version };
    else if (word === 'build') addSetting(this.settings, path);
    else if (word === 'dep' && path !== '') this.#addModule({ path, version });
    else if (word === '=>') replaceLast(this.modules, { path, version });
    else this.warnings += 1;
  }

  #addModule(module: GoModule): void {
    if (this.modules.length < inventoryLimits.packagesPerFile) this.modules.push(module);
    else this.warnings += 1;
  }
}

/** A module replaced by a directory only has the requested version. */
function replaceLast(modules: GoModule[], by: GoModule): void {
  const isDirectory = by.version === '' || by.version === '(devel)' || /^\.{0,2}\//.test(by.path);
  if (!isDirectory && modules.length > 0) modules[modules.length - 1] = by;
}

function addSetting(settings: Map<string, string>, text: string): void {
  const at = text.startsWith('"') ? text.indexOf('"=') + 1 : text.indexOf('=');
  if (at > 0) settings.set(unquote(text.slice(0, at)), unquote(text.slice(at + 1)));
}

/** Values with special characters are written as Go string literals, which are nearly JSON's. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text.startsWith('`') ? text.slice(1, -1) : text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
