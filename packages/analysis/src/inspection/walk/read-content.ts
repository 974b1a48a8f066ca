/** Reads the content of one file of a walk: into memory when needed, otherwise as a stream. */
import { releaseMemory } from '../../archive/release-memory.ts';
import { DigestStream, digestBytes } from '../../digest/file-digests.ts';
import type { DigestChoice, FileDigests } from '../../digest/file-digests.ts';
import { fileKindBytes } from '../../format/file-kind.ts';
import type { TreeFile } from '../../tree/file-tree.ts';

export interface ReadContent {
  readonly digests: FileDigests;
  /** The first `fileKindBytes` bytes, or all; valid until the next file. */
  readonly head: Buffer;
  /** All bytes, when requested. `owned` means that they remain valid after this file. */
  readonly bytes?: Buffer;
  readonly owned: boolean;
  /** Number of bytes read; a file in a directory may have grown or shrunk. */
  readonly sizeBytes: number;
}

export interface ReadChoice {
  readonly digests: DigestChoice;
  /** Whether all bytes are needed, given the first ones. */
  readonly whole: (head: Buffer) => boolean;
  /** Shared memory for files in several chunks; allocated for each file unless given. */
  readonly scratch?: Scratch | undefined;
}

/** Memory that is reused for one file after another, which avoids page clearing by the kernel. */
export class Scratch {
  readonly #mostBytes: number;
  #memory = Buffer.alloc(0);

  /** Larger files get their own memory, which can be released. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Valid until the next call; undefined when too large. */
  take(sizeBytes: number): Buffer | undefined {
    if (sizeBytes > this.#mostBytes) return undefined;
    if (sizeBytes > this.#memory.length) {
      releaseMemory(this.#memory);
      this.#memory = Buffer.allocUnsafeSlow(Math.min(this.#mostBytes, 2 * sizeBytes));
    }
    return this.#memory.subarray(0, sizeBytes);
  }
}

/** Most files of a layer are in one chunk of the stream and are digested in place. */
export async function readContent(file: TreeFile, choice: ReadChoice): Promise<ReadContent> {
  const pieces = file.content[Symbol.asyncIterator]();
  const first = await nextPiece(pieces);
  if (first === undefined) return single(Buffer.alloc(0), choice);
  if (first.length === file.sizeBytes) {
    const read = single(first, choice);
    // A tree that yields more content than announced is an error.
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
  // Copied, because the memory of the chunk may be reused for the next one.
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

/** Joins chunks until the kind can be detected; usually just the first one. */
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

/** Collects the bytes of a file whose announced size may be wrong. */
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
