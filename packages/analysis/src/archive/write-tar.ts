/** A streaming writer of tar archives: ustar, with pax headers for what ustar cannot represent. */
import { formatPax, xattrKeyword } from './pax.ts';
import { TarError } from './tar-entry.ts';
import type { TarEntryType } from './tar-entry.ts';
import { blockBytes } from './tar-header.ts';

type WritableType = Exclude<TarEntryType, 'unknown'>;

/** One member to write. A directory's path may or may not end in a slash. */
export interface TarInput {
  readonly path: string;
  /** `file` unless given. */
  readonly type?: WritableType;
  /** 0644 unless given, 0755 for a directory. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeMs?: number;
  readonly linkPath?: string;
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** Bytes of a file, or a stream of exactly `sizeBytes`. */
  readonly content?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Needed with a stream. */
  readonly sizeBytes?: number;
}

const flags: Readonly<Record<WritableType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

const zeros: Buffer = Buffer.alloc(2 * blockBytes);

/**
 * Writes an archive, member by member, with its end marker.
 * Throws TarError `wrong_size` when a stream has more or less than its `sizeBytes`, and an Error
 * for members that no archive can contain (a NUL in a path, a stream without a size).
 */
export async function* writeTar(
  entries: Iterable<TarInput> | AsyncIterable<TarInput>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0;
  for await (const entry of entries) {
    const sizeBytes = contentBytes(entry);
    const header = formatEntry(entry, sizeBytes);
    yield header;
    if (entry.content instanceof Uint8Array) {
      if (sizeBytes > 0) yield entry.content;
    } else if (entry.content !== undefined) {
      yield* exactly(entry.content, { sizeBytes, offset, path: entry.path });
    }
    const padding = -sizeBytes & (blockBytes - 1);
    if (padding > 0) yield zeros.subarray(0, padding);
    offset += header.length + sizeBytes + padding;
  }
  yield zeros;
}

function contentBytes(entry: TarInput): number {
  const { content, sizeBytes } = entry;
  if (content === undefined) return 0;
  if ((entry.type ?? 'file') !== 'file') throw new Error(`${entry.path}: only a file has content`);
  const bytes = content instanceof Uint8Array ? content.length : sizeBytes;
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new Error(`${entry.path}: a streamed file needs its size in bytes`);
  }
  return bytes;
}

interface Expected {
  readonly sizeBytes: number;
  readonly offset: number;
  readonly path: string;
}

async function* exactly(
  content: AsyncIterable<Uint8Array>,
  { sizeBytes, offset, path }: Expected,
): AsyncGenerator<Uint8Array, void, undefined> {
  let missing = sizeBytes;
  for await (const chunk of content) {
    missing -= chunk.length;
    if (missing < 0) break;
    if (chunk.length > 0) yield chunk;
  }
  if (missing !== 0) {
    const amount = missing < 0 ? 'more' : 'fewer';
    throw new TarError('wrong_size', offset, `${path} has ${amount} than ${sizeBytes} bytes`);
  }
}

/** The header of a member, with a pax header before it when ustar's fields are too small. */
function formatEntry(entry: TarInput, sizeBytes: number): Buffer {
  const type = entry.type ?? 'file';
  const mtimeSeconds = (entry.mtimeMs ?? 0) / 1_000;
  const path = type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path;
  const linkPath = entry.linkPath ?? '';
  if (path.includes('\0') || linkPath.includes('\0') || path.length === 0) {
    throw new Error('a path in a tar archive is not empty and contains no NUL');
  }
  const { uid = 0, gid = 0 } = entry;
  const records = new Map<string, string | Uint8Array>();
  if (!fitsName(path)) records.set('path', path);
  if (!fitsName(linkPath)) records.set('linkpath', linkPath);
  if (!fitsOctal(uid, 7)) records.set('uid', String(uid));
  if (!fitsOctal(gid, 7)) records.set('gid', String(gid));
  if (!fitsOctal(sizeBytes, 11)) records.set('size', String(sizeBytes));
  if (!fitsOctal(mtimeSeconds, 11)) records.set('mtime', mtimeSeconds.toFixed(6));
  for (const [name, value] of entry.xattrs ?? []) records.set(xattrKeyword(name), value);

  const mode = entry.mode ?? (type === 'directory' ? 0o755 : 0o644);
  const fields = { path, linkPath, mode, uid, gid, sizeBytes, mtimeSeconds, flag: flags[type] };
  const header = formatBlock(fields);
  if (records.size === 0) return header;
  const body = formatPax(records);
  const pax = formatBlock({
    ...fields,
    path: 'pax',
    linkPath: '',
    flag: 'x',
    sizeBytes: body.length,
  });
  return Buffer.concat([pax, body, zeros.subarray(0, -body.length & (blockBytes - 1)), header]);
}

interface BlockFields {
  readonly path: string;
  readonly linkPath: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly flag: string;
}

/**
 * One block; what does not fit is truncated or zero, since the preceding pax header has the real
 * value.
 */
function formatBlock(fields: BlockFields): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(fields.path, 0, 100);
  writeOctal(block, 100, { value: fields.mode & 0o7777, digits: 7 });
  writeOctal(block, 108, { value: fields.uid, digits: 7 });
  writeOctal(block, 116, { value: fields.gid, digits: 7 });
  writeOctal(block, 124, { value: fields.sizeBytes, digits: 11 });
  writeOctal(block, 136, { value: fields.mtimeSeconds, digits: 11 });
  block.write(fields.flag, 156, 'latin1');
  block.write(fields.linkPath, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeOctal(block: Buffer, at: number, field: { value: number; digits: number }): void {
  const value = fitsOctal(field.value, field.digits) ? field.value : 0;
  block.write(value.toString(8).padStart(field.digits, '0'), at, 'latin1');
}

function fitsOctal(value: number, digits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 8 ** digits;
}

/** ASCII only: readers disagree on other characters outside a pax header. */
function fitsName(path: string): boolean {
  return path.length <= 100 && Buffer.byteLength(path) === path.length;
}
