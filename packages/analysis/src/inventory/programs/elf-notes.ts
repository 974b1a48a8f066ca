/** Metadata in ELF files and kernels: package notes, and packing that hides the rest. */
import { packageType } from '@lazaret/protocol';
import type { PackageFact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import { findSection, parseBinary } from '../binary/binary-image.ts';
import { sectionBytes } from '../binary/binary-section.ts';
import { viewNumbers } from '../binary/number-view.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { patternPackage } from './binary-classifiers.ts';
import { asText, field, parseJsonObject } from '../parsing/json-text.ts';

const packageNoteType = 0xcafe1a7e;
const noteBytes = 64 * 1024;
/** Position of the marker of UPX: after the headers. */
const packerHeadBytes = 1_024;

/** The note `.note.package` (systemd, "Package Metadata for ELF Files"): JSON with the package. */
export const elfNoteReader: Reader = {
  id: 'elf-note',
  version: 1,
  wants: { magic: ['\x7fELF'] },
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    const { bytes, path } = file;
    const image = parseBinary(bytes);
    if (image === undefined) return;
    if (image.sections.length === 0 && bytes.subarray(0, packerHeadBytes).includes('UPX!')) {
      throw new ReadError('unsupported', 'the program is packed with UPX');
    }
    const section = findSection(image, '.note.package');
    if (section === undefined) return;
    const note = sectionBytes(bytes, section);
    const view = viewNumbers(note, image);
    const nameBytes = view.u32(0);
    const textFrom = 12 + ((nameBytes + 3) & ~3);
    if (view.u32(8) !== packageNoteType || nameBytes !== 4 || view.text(12, 4) !== 'FDO') return;
    const length = view.u32(4);
    if (length > noteBytes || textFrom + length > note.length) {
      throw new ReadError('damaged', 'the package note is longer than its section');
    }
    const text = note.subarray(textFrom, textFrom + length);
    const end = text.indexOf(0);
    const fact = notedPackage(parseJsonObject(end < 0 ? text : text.subarray(0, end)));
    if (fact !== undefined) emit({ ...fact, path, offset: section.offset });
  },
};

function notedPackage(note: ReturnType<typeof parseJsonObject>): PackageFact | undefined {
  const name = asText(field(note, 'name'));
  const version = asText(field(note, 'version'));
  if (name === undefined || version === undefined) return undefined;
  const type = packageType.safeParse(asText(field(note, 'type'))).data ?? 'generic';
  const namespace = type === 'generic' ? undefined : asText(field(note, 'os'));
  const architecture = asText(field(note, 'architecture'));
  return {
    kind: 'package',
    path: '',
    type,
    name,
    version,
    purl: packageUrl({ type, namespace, name, version, qualifiers: { arch: architecture } }),
    foundBy: 'build-info',
    state: 'installed',
    ...(architecture === undefined ? {} : { architecture }),
  };
}

const bootMark = 'HdrS';
const bootMarkAt = 0x202;

/** The version of a kernel for x86, from its boot header (The Linux/x86 Boot Protocol). */
export const linuxKernelReader: Reader = {
  id: 'linux-kernel',
  version: 1,
  wants: { magic: ['MZ'] },
  accepts: ({ path }) => /^(?:vmlinuz|bzImage|kernel)/.test(path.slice(path.lastIndexOf('/') + 1)),
  maxBytes: analysisLimits.readerFileBytes,
  read({ bytes, path }, emit) {
    if (bytes.length < 0x210 || bytes.toString('latin1', bootMarkAt, bootMarkAt + 4) !== bootMark) {
      return;
    }
    const offset = bytes.readUInt16LE(0x20e) + 0x200;
    const [version = ''] = bytes.toString('latin1', offset, offset + 100).split(/[ \0]/, 1);
    if (/^\d{1,2}\.\d{1,3}[\w.+~-]{0,60}$/.test(version)) {
      emit(patternPackage(path, { name: 'linux', version, offset }));
    }
  },
};
