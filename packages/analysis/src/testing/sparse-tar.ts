/** Sparse members in all four forms of GNU tar, including forged ones. */
import { formatPax } from '../archive/pax.ts';
import { rawMember } from './raw-tar.ts';

export type SparseForm = 'gnu' | '0.0' | '0.1' | '1.0';
export const sparseForms: readonly SparseForm[] = ['gnu', '0.0', '0.1', '1.0'];

export interface SparsePiece {
  readonly at: number;
  readonly bytes: Buffer;
}

export interface SparseInput {
  readonly name: string;
  readonly form: SparseForm;
  readonly pieces: readonly SparsePiece[];
  /** With the holes. */
  readonly sizeBytes: number;
}

/** Headers, map and content of one sparse file. */
export function sparseMember(input: SparseInput): Buffer {
  const { form, name, pieces, sizeBytes } = input;
  const stored = Buffer.concat(pieces.map(({ bytes }) => bytes));
  if (form === 'gnu') return oldMember(input, stored);
  if (form === '1.0') {
    const numbers = [pieces.length, ...pieces.flatMap(({ at, bytes }) => [at, bytes.length])];
    const map = Buffer.from(numbers.map((each) => `${each}\n`).join(''));
    const padding = Buffer.alloc(-map.length & 511);
    const records = new Map([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', name],
      ['GNU.sparse.realsize', String(sizeBytes)],
    ]);
    const content = Buffer.concat([map, padding, stored]);
    return Buffer.concat([
      pax(formatPax(records)),
      rawMember({ name: 'GNUSparseFile.0/x', content }),
    ]);
  }
  const sizes = new Map([
    ['GNU.sparse.size', String(sizeBytes)],
    ['GNU.sparse.numblocks', String(pieces.length)],
  ]);
  const map =
    form === '0.1'
      ? formatPax(new Map([['GNU.sparse.map', pieces.map(pair).join(',')]]))
      : Buffer.concat(pieces.map((piece) => formatPax(oldRecords(piece))));
  // Version 0.0 without pieces does not look like a sparse file, so the version is explicit.
  const version = formatPax(
    new Map([
      ['GNU.sparse.major', '0'],
      ['GNU.sparse.minor', form.slice(2)],
    ]),
  );
  const records = Buffer.concat([formatPax(sizes), map, version]);
  return Buffer.concat([pax(records), rawMember({ name, content: stored })]);
}

function pax(content: Buffer): Buffer {
  return rawMember({ name: 'pax', flag: 'x', content });
}

function pair({ at, bytes }: SparsePiece): string {
  return `${at},${bytes.length}`;
}

function oldRecords({ at, bytes }: SparsePiece): Map<string, string> {
  return new Map([
    ['GNU.sparse.offset', String(at)],
    ['GNU.sparse.numbytes', String(bytes.length)],
  ]);
}

function oldMember({ name, pieces, sizeBytes }: SparseInput, stored: Buffer): Buffer {
  const more: Buffer[] = [];
  for (let at = 4; at < pieces.length; at += 21) {
    const block = Buffer.alloc(512);
    for (const [index, piece] of pieces.slice(at, at + 21).entries()) {
      writePiece(block, index * 24, piece);
    }
    block[504] = at + 21 < pieces.length ? 1 : 0;
    more.push(block);
  }
  const member = rawMember({
    ...{ name, flag: 'S', content: stored },
    change: (block) => {
      block.write('ustar  \0', 257, 'latin1');
      for (const [index, piece] of pieces.slice(0, 4).entries()) {
        writePiece(block, 386 + index * 24, piece);
      }
      block[482] = more.length > 0 ? 1 : 0;
      writeNumber(block, 483, sizeBytes);
    },
  });
  return Buffer.concat([member.subarray(0, 512), ...more, member.subarray(512)]);
}

function writePiece(block: Buffer, at: number, { at: place, bytes }: SparsePiece): void {
  writeNumber(block, at, place);
  writeNumber(block, at + 12, bytes.length);
}

/** Octal, or base 256 if that does not fit. */
function writeNumber(block: Buffer, at: number, value: number): void {
  if (value < 8 ** 11) {
    block.write(`${value.toString(8).padStart(11, '0')}\0`, at, 'latin1');
    return;
  }
  block.fill(0, at, at + 12);
  block[at] = 0x80;
  block.writeBigUInt64BE(BigInt(value), at + 4);
}
