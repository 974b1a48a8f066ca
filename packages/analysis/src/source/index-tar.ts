/**
 * Index of a tar archive: members by path with the location of their content. Headers are read,
 * content is skipped. Names and sizes are determined like `readTar` in the Docker dialect.
 */

import { paxNumber, paxSparse, paxValue, parsePax } from '../archive/pax.ts';
import type { PaxRecords } from '../archive/pax.ts';
import { TarError } from '../archive/tar-entry.ts';
import { blockBytes, decodeText, isZeroBlock, parseHeader } from '../archive/tar-header.ts';
import type { TarHeader } from '../archive/tar-header.ts';
import { normalizePath, ociLimits } from '@lazaret/oci';
import type { FileBytes } from './file-bytes.ts';
import { sourceLimits } from './limits.ts';

export interface TarMember {
  readonly type: 'file' | 'symlink' | 'hardlink' | 'other';
  /** Offset of the content in the archive. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** As written; only meaningful for links. */
  readonly linkPath: string;
}

/**
 * One pass over the headers. A repeated path replaces the previous one, as unpacking would; a path
 * above the root is ignored. Throws TarError.
 */
export async function indexTar(file: FileBytes): Promise<ReadonlyMap<string, TarMember>> {
  const members = new Map<string, TarMember>();
  const window = new Window(file);
  let own = new PendingHeaders();
  let at = 0;
  let count = 0;
  for (;;) {
    const offset = at;
    const block = await window.bytes(offset, blockBytes);
    if (block.length === 0) break;
    if (block.length < blockBytes) throw truncated(offset, 'inside a header');
    if (block[0] === 0 && isZeroBlock(block)) break;
    count += 1;
    if (count > sourceLimits.imageArchiveEntries) {
      throw new TarError(
        'too_many_entries',
        offset,
        `more than ${sourceLimits.imageArchiveEntries} entries`,
      );
    }
    const header = parseHeader(block, offset);
    const content = offset + blockBytes;
    const kind = metaKinds.get(header.flag);
    const { path, member } = describe(
      kind === undefined ? own : new PendingHeaders(),
      header,
      content,
    );
    if (content + member.sizeBytes > file.sizeBytes) throw truncated(offset, 'inside a member');
    at = content + Math.ceil(member.sizeBytes / blockBytes) * blockBytes;
    if (kind === 'global') continue;
    if (kind === undefined) {
      const place = normalizePath(path);
      if (!place.escaped) members.set(place.path, member);
      own = new PendingHeaders();
    } else own.add(kind, await readMeta(window, member), offset);
  }
  return members;
}

const metaKinds: ReadonlyMap<number, 'pax' | 'global' | 'long-path' | 'long-link'> = new Map([
  [0x78, 'pax'],
  [0x67, 'global'],
  [0x4c, 'long-path'],
  [0x4b, 'long-link'],
]);

const types: ReadonlyMap<number, TarMember['type']> = new Map([
  [0, 'file'],
  [0x30, 'file'],
  [0x37, 'file'],
  [0x31, 'hardlink'],
  [0x32, 'symlink'],
]);
/**
 * Hard links, symbolic links, devices, directories and FIFOs have no content, whatever their size.
 */
const hasNoContent = (flag: number): boolean => flag >= 0x31 && flag <= 0x36;

const noRecords: PaxRecords = new Map();

/** Values from extension headers that apply to the next member. */
class PendingHeaders {
  records: PaxRecords = noRecords;
  path: string | undefined;
  linkPath: string | undefined;

  add(kind: 'pax' | 'long-path' | 'long-link', body: Buffer, offset: number): void {
    if (kind === 'pax') this.records = parsePax(body, offset);
    else if (kind === 'long-path') this.path = decodeText(body).text;
    else this.linkPath = decodeText(body).text;
  }
}

interface Described {
  readonly path: string;
  readonly member: TarMember;
}

function describe(own: PendingHeaders, header: TarHeader, content: number): Described {
  const { flag } = header;
  const offset = content - blockBytes;
  if (flag === 0x53 || paxSparse(own.records)) {
    throw new TarError(
      'sparse_unsupported',
      offset,
      'the archive stores GNU sparse files, which are not supported; create it without tar --sparse',
    );
  }
  const text = (key: string, otherwise: string): string =>
    paxValue(key, own.records, noRecords)?.toString('utf8') ?? otherwise;
  const path = own.path ?? text('path', header.path.text);
  if (Buffer.byteLength(path) > sourceLimits.imageArchivePathBytes) {
    throw new TarError(
      'path_too_long',
      offset,
      `the path exceeds ${sourceLimits.imageArchivePathBytes} bytes`,
    );
  }
  const isOldDirectory = flag === 0 && path.endsWith('/');
  const type = isOldDirectory ? 'other' : (types.get(flag) ?? 'other');
  const sizeBytes = contentBytes(own, header, offset);
  const linkPath = own.linkPath ?? text('linkpath', header.linkPath.text);
  return { path, member: { type, offset: content, sizeBytes, linkPath } };
}

function contentBytes(own: PendingHeaders, { flag, sizeBytes }: TarHeader, offset: number): number {
  const size = paxValue('size', own.records, noRecords);
  const written = size === undefined ? sizeBytes : paxNumber(size, offset);
  if (written < 0 || !Number.isInteger(written)) {
    throw new TarError('bad_number', offset, 'invalid size');
  }
  return hasNoContent(flag) ? 0 : written;
}

async function readMeta(window: Window, { offset, sizeBytes }: TarMember): Promise<Buffer> {
  if (sizeBytes > ociLimits.tarHeaderBytesMax) {
    throw new TarError('header_too_large', offset, `the extended header has ${sizeBytes} bytes`);
  }
  return window.bytes(offset, sizeBytes);
}

const windowBytes = 64 * 1024;

/** Buffers small sequential reads. */
class Window {
  readonly #file: FileBytes;
  #at = 0;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(file: FileBytes) {
    this.#file = file;
  }

  async bytes(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#at;
    if (from >= 0 && from + length <= this.#buffer.length) {
      return this.#buffer.subarray(from, from + length);
    }
    this.#buffer = await this.#file.read(offset, Math.max(length, windowBytes));
    this.#at = offset;
    return this.#buffer.subarray(0, length);
  }
}

function truncated(offset: number, where: string): TarError {
  return new TarError('truncated', offset, `the archive ends ${where}`);
}
