/**
 * Sparse files as GNU tar writes them: a map of the pieces that are stored, and holes of zeros
 * between them. Four forms: in the header (`S`), and versions 0.0, 0.1 and 1.0 in pax headers.
 * Sources: GNU tar manual, "Storing Sparse Files"; where that leaves room, Go's archive/tar.
 */
import type { ByteSource } from './byte-source.ts';
import type { PaxRecords } from './pax.ts';
import { TarError } from './tar-entry.ts';
import { blockBytes, isGnuHeader, parseNumber } from './tar-header.ts';

/** A piece of the file that is stored. */
interface Piece {
  readonly at: number;
  readonly sizeBytes: number;
}

export interface SparseFile {
  /** Bytes of the file with its holes. */
  readonly sizeBytes: number;
  readonly pieces: readonly Piece[];
  /** A later name than that of the header. */
  readonly name?: Buffer;
  /** Stored bytes after the map, without padding. */
  readonly storedBytes: number;
}

export interface SparseMember {
  /** The header block of the old form. */
  readonly header: Buffer | undefined;
  readonly records: PaxRecords;
  /** Bytes of the member as stored, by its header. */
  readonly storedBytes: number;
  /** Of the header in the archive. */
  readonly offset: number;
  /** Bytes that a map may have. */
  readonly mapBytes: number;
}

/**
 * The map of a sparse file; the part of it after the header is read. Undefined when it is an
 * ordinary file. Throws TarError.
 */
export async function readSparse(
  source: ByteSource,
  member: SparseMember,
): Promise<SparseFile | undefined> {
  const found =
    member.header === undefined
      ? await readPax(source, member)
      : await readOldMap(source, { ...member, header: member.header });
  if (found === undefined) return undefined;
  let end = 0;
  let stored = 0;
  for (const { at, sizeBytes } of found.pieces) {
    if (at < end || at + sizeBytes > found.sizeBytes) throw bad(member, 'its pieces overlap');
    end = at + sizeBytes;
    stored += sizeBytes;
  }
  if (stored !== found.storedBytes) {
    throw bad(member, `its pieces have ${stored} bytes; stored are ${found.storedBytes}`);
  }
  return found;
}

/** The content with its holes, from the stored pieces. */
export async function* fillHoles(
  stored: AsyncIterator<Uint8Array>,
  { pieces, sizeBytes }: SparseFile,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0;
  let ready: Uint8Array = zeros.subarray(0, 0);
  for (const piece of pieces) {
    yield* hole(piece.at - done);
    let missing = piece.sizeBytes;
    while (missing > 0) {
      if (ready.length === 0) {
        const next = await stored.next();
        if (next.done === true) return;
        ready = next.value;
      }
      const part = ready.subarray(0, missing);
      ready = ready.subarray(part.length);
      missing -= part.length;
      yield part;
    }
    done = piece.at + piece.sizeBytes;
  }
  yield* hole(sizeBytes - done);
}

const zeros = new Uint8Array(64 * 1024);

function* hole(sizeBytes: number): Generator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= zeros.length) {
    yield left < zeros.length ? zeros.subarray(0, left) : zeros;
  }
}

const entryBytes = 24;

/** Four pieces in the header, 21 in each continuation block. */
async function readOldMap(
  source: ByteSource,
  member: SparseMember & { readonly header: Buffer },
): Promise<SparseFile> {
  const { header: block, offset, storedBytes } = member;
  // star uses the same flag for another layout.
  if (!isGnuHeader(block)) throw bad(member, 'its header is not that of GNU tar');
  const sizeBytes = parseNumber(block, { at: 483, length: 12, offset });
  const pieces = readEntries(block, { at: 386, count: 4, offset });
  let more = block[482] !== 0;
  for (let mapBytes = blockBytes; more; mapBytes += blockBytes) {
    const next = await nextMapBlock(source, member, mapBytes);
    pieces.push(...readEntries(next, { at: 0, count: 21, offset }));
    more = next[504] !== 0;
  }
  return { sizeBytes: checked(sizeBytes, member), pieces, storedBytes };
}

interface Entries {
  readonly at: number;
  readonly count: number;
  readonly offset: number;
}

function readEntries(block: Buffer, { at, count, offset }: Entries): Piece[] {
  const pieces: Piece[] = [];
  for (let start = at; start < at + count * entryBytes; start += entryBytes) {
    if (block[start] === 0) break;
    const piece = {
      at: parseNumber(block, { at: start, length: 12, offset }),
      sizeBytes: parseNumber(block, { at: start + 12, length: 12, offset }),
    };
    if (piece.at < 0 || piece.sizeBytes < 0) throw negative(offset);
    pieces.push(piece);
  }
  return pieces;
}

async function nextMapBlock(
  source: ByteSource,
  member: SparseMember,
  mapBytes: number,
): Promise<Buffer> {
  if (mapBytes > member.mapBytes) {
    const message = `the map of a sparse file has more than ${member.mapBytes} bytes`;
    throw new TarError('header_too_large', member.offset, message);
  }
  const block = await source.read(blockBytes);
  if (block.length === blockBytes) return block;
  throw new TarError('truncated', member.offset, 'the archive ends inside a map of a sparse file');
}

async function readPax(source: ByteSource, member: SparseMember): Promise<SparseFile | undefined> {
  const { records } = member;
  const text = (key: string): string | undefined => {
    const value = records.get(`GNU.sparse.${key}`)?.toString('latin1');
    return value === '' ? undefined : value;
  };
  const major = text('major');
  const minor = text('minor');
  const inContent = major === '1' && minor === '0';
  const inHeader = major === '0' && (minor === '0' || minor === '1');
  const bare = major === undefined && minor === undefined && text('map') !== undefined;
  // Go, and so every tool based on it, unpacks unknown versions as stored.
  if (!inContent && !inHeader && !bare) return undefined;
  const written = text('size') ?? text('realsize');
  const sizeBytes = written === undefined ? member.storedBytes : decimal(written, member);
  const nameBytes = records.get('GNU.sparse.name');
  const name = nameBytes !== undefined && nameBytes.length > 0 ? { name: nameBytes } : {};
  if (inContent) return { sizeBytes, ...name, ...(await readContentMap(source, member)) };
  const numbers = (text('map') ?? '').split(',');
  const count = decimal(text('numblocks') ?? '', member);
  if (count * 2 !== (text('map') === undefined ? 0 : numbers.length)) {
    throw bad(member, 'the length of its map differs from its header');
  }
  const values = count === 0 ? [] : numbers.map((each) => decimal(each, member));
  return { sizeBytes, ...name, pieces: inPairs(values), storedBytes: member.storedBytes };
}

/** Version 1.0: decimal lines before the content, padded to a block. */
async function readContentMap(
  source: ByteSource,
  member: SparseMember,
): Promise<Pick<SparseFile, 'pieces' | 'storedBytes'>> {
  const values: number[] = [];
  let wanted = 1;
  let rest = '';
  let mapBytes = 0;
  while (values.length < wanted) {
    mapBytes += blockBytes;
    if (mapBytes > member.storedBytes) throw bad(member, 'its map is longer than the file');
    const lines = (rest + (await nextMapBlock(source, member, mapBytes)).toString('latin1')).split(
      '\n',
    );
    rest = lines.pop() ?? '';
    if (rest.length > blockBytes) throw bad(member, 'its map contains no numbers');
    for (const line of lines) {
      if (values.length === wanted) break;
      values.push(decimal(line, member));
      if (values.length === 1) wanted = 1 + 2 * (values[0] ?? 0);
    }
  }
  return { pieces: inPairs(values.slice(1)), storedBytes: member.storedBytes - mapBytes };
}

function inPairs(values: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at + 1 < values.length; at += 2) {
    pieces.push({ at: values[at] ?? 0, sizeBytes: values[at + 1] ?? 0 });
  }
  return pieces;
}

function decimal(text: string, member: SparseMember): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw bad(member, 'a number of its map cannot be read');
  return value;
}

function checked(sizeBytes: number, { offset }: SparseMember): number {
  if (sizeBytes < 0) throw negative(offset);
  return sizeBytes;
}

function negative(offset: number): TarError {
  return new TarError('bad_number', offset, 'a size is negative');
}

function bad({ offset }: SparseMember, why: string): TarError {
  return new TarError('bad_sparse', offset, `the map of a sparse file is damaged: ${why}`);
}
