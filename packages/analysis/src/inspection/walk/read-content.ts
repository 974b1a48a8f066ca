/** Reads the content of one file of a walk: whole into memory when somebody needs it, else past. */
import { releaseMemory } from '../../archive/release-memory.ts';
import { DigestStream, digestBytes } from '../../digest/file-digests.ts';
import type { DigestChoice, FileDigests } from '../../digest/file-digests.ts';
import { fileKindBytes } from '../../format/file-kind.ts';
import type { TreeFile } from '../../tree/file-tree.ts';

export interface ReadContent {
  readonly digests: FileDigests;
  /** The first bytes, `fileKindBytes` of them or all; valid until the next file. */
  readonly head: Buffer;
  /** All bytes, when they were asked for. `owned` says that they may be kept past this turn. */
  readonly bytes?: Buffer;
  readonly owned: boolean;
  /** Bytes that came; a directory's file may have grown or shrunk. */
  readonly sizeBytes: number;
}

export interface ReadChoice {
  readonly digests: DigestChoice;
  /** Whether all bytes are needed, seen the first of them. */
  readonly whole: (head: Buffer) => boolean;
  /** Where the bytes of a file in pieces are put together; memory of their own unless given. */
  readonly scratch?: Scratch | undefined;
}

/** Memory that is used for one file after another, which saves the kernel from clearing it anew. */
export class Scratch {
  readonly #mostBytes: number;
  #memory = Buffer.alloc(0);

  /** Larger files get memory of their own, which can be given back. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Valid until it is asked for again; undefined for what is too large. */
  take(sizeBytes: number): Buffer | undefined {
    if (sizeBytes > this.#mostBytes) return undefined;
    if (sizeBytes > this.#memory.length) {
      releaseMemory(this.#memory);
      this.#memory = Buffer.allocUnsafeSlow(Math.min(this.#mostBytes, 2 * sizeBytes));
    }
    return this.#memory.subarray(0, sizeBytes);
  }
}

/** Most files of a layer lie in one piece of the stream and are digested where they lie. */
export async function readContent(file: TreeFile, choice: ReadChoice): Promise<ReadContent> {
  const pieces = file.content[Symbol.asyncIterator]();
  const first = await nextPiece(pieces);
  if (first === undefined) return single(Buffer.alloc(0), choice);
  if (first.length === file.sizeBytes) {
    const read = single(first, choice);
    // Whoever yields a piece more than it announced is heard out below.
    if ((await nextPiece(pieces)) === undefined) return read;
    throw new Error(`more content than the ${file.sizeBytes} bytes announced`);
  }
  return severalPieces(first, { pieces, choice, sizeBytes: file.sizeBytes });
}

function single(bytes: Buffer, { digests, whole }: ReadChoice): ReadContent {
  const head = bytes.subarray(0, fileKindBytes);
  const common = { digests: digestBytes(bytes, digests), head, sizeBytes: bytes.length };
  return whole(head) ? { ...common, bytes, owned: false } : { ...common, owned: false };
}

interface Rest {
  readonly pieces: AsyncIterator<Uint8Array>;
  readonly choice: ReadChoice;
  readonly sizeBytes: number;
}

async function severalPieces(
  first: Buffer,
  { pieces, choice, sizeBytes }: Rest,
): Promise<ReadContent> {
  const begun = await beginning(first, pieces);
  // Copied: the piece that it lies in may be used again when the next one is asked for.
  const head = Buffer.from(begun.subarray(0, fileKindBytes));
  const gathered = choice.whole(head)
    ? new Gathered(Math.max(sizeBytes, begun.length), choice.scratch)
    : undefined;
  const digests = new DigestStream(choice.digests);
  let seen = 0;
  for (
    let piece: Buffer | undefined = begun;
    piece !== undefined;
    piece = await nextPiece(pieces)
  ) {
    digests.add(piece);
    gathered?.add(piece);
    seen += piece.length;
  }
  const owned = gathered?.owned ?? true;
  const finished = { digests: digests.finish(), head, sizeBytes: seen, owned };
  return gathered === undefined ? finished : { ...finished, bytes: gathered.take() };
}

/** Pieces put together until the kind can be told; mostly the first one as it is. */
async function beginning(first: Buffer, pieces: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let begun = first;
  while (begun.length < fileKindBytes) {
    const held = Buffer.from(begun);
    const piece = await nextPiece(pieces);
    if (piece === undefined) return held;
    begun = Buffer.concat([held, piece]);
  }
  return begun;
}

/** Bytes of a file whose size was announced, and may have been announced wrongly. */
class Gathered {
  readonly owned: boolean;
  readonly #bytes: Buffer;
  #used = 0;

  constructor(sizeBytes: number, scratch: Scratch | undefined) {
    const shared = scratch?.take(sizeBytes);
    this.owned = shared === undefined;
    this.#bytes = shared ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  add(piece: Buffer): void {
    if (this.#used + piece.length > this.#bytes.length) {
      throw new Error(`more content than the ${this.#bytes.length} bytes announced`);
    }
    this.#used += piece.copy(this.#bytes, this.#used);
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }
}

async function nextPiece(pieces: AsyncIterator<Uint8Array>): Promise<Buffer | undefined> {
  const next = await pieces.next();
  if (next.done === true) return undefined;
  const { buffer, byteOffset, byteLength } = next.value;
  return Buffer.from(buffer, byteOffset, byteLength);
}
