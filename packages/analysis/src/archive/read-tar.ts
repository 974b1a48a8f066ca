/**
 * A bounded reader of tar archives from a stream: ustar, pax and GNU. It buffers one header and
 * the current chunk, returns content as views, and does no work per 512-byte block, so that
 * walking an image layer costs about what reading its bytes costs.
 */
import { ByteSource } from './byte-source.ts';
import { paxNumber, paxSparse, paxValue, paxXattrs, parsePax } from './pax.ts';
import type { PaxRecords } from './pax.ts';
import { fillHoles, readSparse } from './sparse.ts';
import type { SparseFile } from './sparse.ts';
import { TarError } from './tar-entry.ts';
import type { TarEntry, TarEntryType, TarOptions } from './tar-entry.ts';
import { blockBytes, decodeText, isZeroBlock, parseHeader } from './tar-header.ts';
import type { TarHeader, Text } from './tar-header.ts';

const noRecords: PaxRecords = new Map();
const noText: Text = { text: '', raw: undefined };

/**
 * Walks an archive. The stream is read to its end, also after the end marker, so that a digest
 * computed on the way covers all of it; leaving the loop early releases the stream.
 * Throws TarError when the archive is damaged or reaches a limit, and the errors of the stream.
 */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
  options: TarOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  const source = new ByteSource(stream);
  try {
    let global: PaxRecords = noRecords;
    let own = new PendingHeaders();
    let count = 0;
    let holeBytes = 0;
    for (;;) {
      const offset = source.offset;
      const header = await readHeader(source, options);
      if (header === undefined) break;
      const kind = metaKind(header.flag);
      if (kind !== undefined) {
        const body = await readMeta(source, { header, offset, options });
        if (kind !== 'global') own.add(kind, body, offset);
        else if (options.dialect !== 'docker') {
          global = new Map([...global, ...parsePax(body, offset)]);
        }
        continue;
      }
      count += 1;
      if (count > options.entries) {
        throw new TarError('too_many_entries', offset, `more than ${options.entries} entries`);
      }
      const member = await openMember(source, { header, own, global, offset, options, holeBytes });
      holeBytes = member.holeBytes;
      const { content } = member;
      yield { ...member.facts, content };
      await content.finish();
      own = new PendingHeaders();
    }
    await drain(source, options);
  } finally {
    await source.close();
  }
}

interface Member extends Sources {
  readonly options: TarOptions;
  /** Of the members before; holes count as if they were stored. */
  readonly holeBytes: number;
}

interface OpenedMember {
  readonly facts: Facts;
  readonly content: Content;
  readonly holeBytes: number;
}

async function openMember(source: ByteSource, member: Member): Promise<OpenedMember> {
  const { header, own, offset, options, holeBytes } = member;
  const start = source.offset;
  const facts = describe(member);
  checkLimits(facts, start + holeBytes, member);
  if (header.sparse === undefined && !paxSparse(own.records)) {
    const content = new Content(source, { storedBytes: facts.sizeBytes, offset, options });
    return { facts, content, holeBytes };
  }
  const sparse = await readSparse(source, {
    ...{ header: header.sparse, records: own.records, offset },
    ...{ storedBytes: facts.sizeBytes, mapBytes: options.paxBytes },
  });
  if (sparse === undefined) {
    const content = new Content(source, { storedBytes: facts.sizeBytes, offset, options });
    return { facts, content, holeBytes };
  }
  if (!hasContent(facts.type)) {
    throw new TarError('bad_sparse', offset, `a ${facts.type} cannot be sparse`);
  }
  const { sizeBytes, storedBytes, name } = sparse;
  const holes = holeBytes + sizeBytes - storedBytes;
  const path = name === undefined ? undefined : paxText(name, offset);
  const whole: Facts = {
    ...{ ...facts, sizeBytes },
    ...(path !== undefined && { path: path.text, rawPath: path.raw }),
  };
  checkLimits(whole, start + holes - sizeBytes, member);
  const content = new Content(source, { storedBytes, offset, options, sparse });
  return { facts: whole, content, holeBytes: holes };
}

type Facts = Omit<TarEntry, 'content'>;
type MetaKind = 'pax' | 'global' | 'long-path' | 'long-link';

/** Values from extension headers that apply to the next member. */
class PendingHeaders {
  records: PaxRecords = noRecords;
  path: Text | undefined;
  linkPath: Text | undefined;

  add(kind: Exclude<MetaKind, 'global'>, body: Buffer, offset: number): void {
    if (kind === 'pax') this.records = parsePax(body, offset);
    else if (kind === 'long-path') this.path = decodeText(body);
    else this.linkPath = decodeText(body);
  }
}

/** The next header, or undefined at the end of the archive. */
async function readHeader(source: ByteSource, options: TarOptions): Promise<TarHeader | undefined> {
  const offset = source.offset;
  const block = await readBlock(source, options);
  if (block === undefined) {
    if (options.dialect === 'docker') return undefined;
    throw new TarError('truncated', offset, 'the archive has no end marker');
  }
  if (block[0] !== 0 || !isZeroBlock(block)) return parseHeader(block, offset);
  const second = await readBlock(source, options);
  if (second !== undefined && !isZeroBlock(second)) {
    throw new TarError('bad_end', offset, 'a single zero block between entries');
  }
  return undefined;
}

async function readBlock(source: ByteSource, options: TarOptions): Promise<Buffer | undefined> {
  const offset = source.offset;
  checkTotal(offset + blockBytes, offset, options);
  const ready = source.readyBytes >= blockBytes;
  const block = ready ? source.take(blockBytes) : await source.read(blockBytes);
  if (block.length === 0) return undefined;
  if (block.length < blockBytes) {
    throw new TarError('truncated', offset, 'the archive ends inside a header');
  }
  return block;
}

function metaKind(flag: number): MetaKind | undefined {
  if (flag === 0x78) return 'pax';
  if (flag === 0x67) return 'global';
  if (flag === 0x4c) return 'long-path';
  if (flag === 0x4b) return 'long-link';
  return undefined;
}

interface Place {
  readonly offset: number;
  readonly options: TarOptions;
}

async function readMeta(
  source: ByteSource,
  place: Place & { readonly header: TarHeader },
): Promise<Buffer> {
  const { offset, options } = place;
  const { sizeBytes } = place.header;
  if (sizeBytes < 0) throw new TarError('bad_number', offset, 'a size is negative');
  if (sizeBytes > options.paxBytes) {
    const message = `the extended header has ${sizeBytes} bytes (limit ${options.paxBytes})`;
    throw new TarError('header_too_large', offset, message);
  }
  checkTotal(source.offset + padded(sizeBytes), offset, options);
  // A copy: the owner of the chunk may reuse its memory for the next one.
  const body = Buffer.from(await source.read(sizeBytes));
  if (body.length < sizeBytes || !(await passPadding(source, sizeBytes, options))) {
    throw new TarError('truncated', offset, 'the archive ends inside a header');
  }
  return body;
}

interface Sources {
  readonly header: TarHeader;
  readonly own: PendingHeaders;
  readonly global: PaxRecords;
  readonly offset: number;
}

/**
 * Combines the fields of a member: GNU long names, then pax records, then the header's own fields.
 */
function describe({ header, own, global, offset }: Sources): Facts {
  const plain = own.records === noRecords && global === noRecords;
  const value = (key: string): Buffer | undefined =>
    plain ? undefined : paxValue(key, own.records, global);
  const number = (key: string, otherwise: number): number => {
    const text = value(key);
    return text === undefined ? otherwise : paxNumber(text, offset);
  };
  const text = (key: string, gnu: Text | undefined, otherwise: Text): Text => {
    if (gnu !== undefined) return gnu;
    const found = value(key);
    return found === undefined ? otherwise : paxText(found, offset);
  };
  const path = text('path', own.path, header.path);
  const type = entryType(header.flag, path.text);
  const sizeBytes = number('size', header.sizeBytes);
  if (sizeBytes < 0 || !Number.isInteger(sizeBytes)) {
    throw new TarError('bad_number', offset, 'invalid size');
  }
  const linked = type === 'symlink' || type === 'hardlink';
  const target = linked ? text('linkpath', own.linkPath, header.linkPath) : noText;
  return {
    path: type === 'directory' ? withoutSlashes(path.text) : path.text,
    rawPath: path.raw,
    type,
    mode: header.mode,
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    sizeBytes: hasContent(type) ? sizeBytes : 0,
    // Converted through whole microseconds, which preserves decimal fractions.
    mtimeMs: Math.round(number('mtime', header.mtimeSeconds) * 1e6) / 1e3,
    linkPath: target.text,
    rawLinkPath: target.raw,
    device: header.device,
    xattrs: paxXattrs(own.records),
  };
}

function paxText(value: Buffer, offset: number): Text {
  if (value.includes(0)) throw new TarError('bad_pax', offset, 'a path contains a NUL');
  return decodeText(value);
}

/** Type flags of POSIX; an old-style file whose name ends in a slash is a directory. */
function entryType(flag: number, path: string): TarEntryType {
  switch (flag) {
    case 0:
      return path.endsWith('/') ? 'directory' : 'file';
    case 0x30:
    case 0x37:
      return 'file';
    case 0x31:
      return 'hardlink';
    case 0x32:
      return 'symlink';
    case 0x33:
      return 'character-device';
    case 0x34:
      return 'block-device';
    case 0x35:
      return 'directory';
    case 0x36:
      return 'fifo';
    default:
      return 'unknown';
  }
}

function hasContent(type: TarEntryType): boolean {
  return type === 'file' || type === 'unknown';
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end -= 1;
  return path.slice(0, end);
}

function checkLimits(facts: Facts, start: number, { offset, options }: Place): void {
  const { sizeBytes } = facts;
  if (sizeBytes > options.entryBytes) {
    const message = `an entry of ${sizeBytes} bytes; the limit is ${options.entryBytes}`;
    throw new TarError('entry_too_large', offset, message);
  }
  for (const path of [facts.path, facts.linkPath]) {
    // A character has at most three bytes for each of its units.
    if (path.length * 3 <= options.pathBytes) continue;
    if (Buffer.byteLength(path) <= options.pathBytes) continue;
    throw new TarError('path_too_long', offset, `a path of more than ${options.pathBytes} bytes`);
  }
  checkTotal(start + padded(sizeBytes), offset, options);
}

function checkTotal(reached: number, offset: number, options: TarOptions): void {
  if (reached <= options.totalBytes) return;
  const message = `the archive is larger than ${options.totalBytes} bytes`;
  throw new TarError('too_many_bytes', offset, message);
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes;
}

interface Stored extends Place {
  readonly storedBytes: number;
  readonly sparse?: SparseFile;
}

/** The content of one member: read once, then its rest and padding are skipped. */
class Content implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  readonly #stored: Stored;
  #missingBytes: number;
  #state: 'fresh' | 'open' | 'gone' = 'fresh';

  constructor(source: ByteSource, stored: Stored) {
    this.#source = source;
    this.#stored = stored;
    this.#missingBytes = stored.storedBytes;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { sparse } = this.#stored;
    return sparse === undefined ? this.#read() : fillHoles(this.#read(), sparse);
  }

  async finish(): Promise<void> {
    this.#state = 'gone';
    const rest = this.#missingBytes;
    this.#missingBytes = 0;
    if (rest > 0 && !(await this.#source.skip(rest))) throw this.#truncated();
    const { storedBytes, options } = this.#stored;
    if (!(await passPadding(this.#source, storedBytes, options))) throw this.#truncated();
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#state !== 'fresh')
      throw new Error('the content of a tar entry is read once, in turn');
    this.#state = 'open';
    while (this.#missingBytes > 0) {
      if (this.#source.readyBytes === 0 && !(await this.#source.fill())) throw this.#truncated();
      if (this.#isGone())
        throw new Error('the next tar entry was requested while this one was being read');
      const piece = this.#source.take(this.#missingBytes);
      this.#missingBytes -= piece.length;
      yield piece;
    }
  }

  #isGone(): boolean {
    return this.#state === 'gone';
  }

  #truncated(): TarError {
    return new TarError('truncated', this.#stored.offset, 'the archive ends inside an entry');
  }
}

const zeros: Buffer = Buffer.alloc(64 * 1024);

/** False when the archive ends inside it. */
async function passPadding(
  source: ByteSource,
  sizeBytes: number,
  { onHidden }: TarOptions,
): Promise<boolean> {
  const padding = padded(sizeBytes) - sizeBytes;
  if (padding === 0) return true;
  if (onHidden === undefined) return source.skip(padding);
  const { offset } = source;
  const ready = source.readyBytes >= padding;
  const bytes = ready ? source.take(padding) : await source.read(padding);
  if (!bytes.equals(zeros.subarray(0, bytes.length))) {
    onHidden({ place: 'padding', bytes, offset });
  }
  return bytes.length === padding;
}

/** The bytes after the end: mostly zeros, which are skipped up to the first other byte. */
async function drain(source: ByteSource, options: TarOptions): Promise<void> {
  let hidden = false;
  while (await source.fill()) {
    const { offset } = source;
    const bytes = source.take(zeros.length);
    checkTotal(source.offset, offset, options);
    if (options.onHidden === undefined) continue;
    hidden ||= !bytes.equals(zeros.subarray(0, bytes.length));
    if (hidden) options.onHidden({ place: 'after-end', bytes, offset });
  }
}
