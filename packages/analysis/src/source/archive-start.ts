/**
 * Whether the first bytes of an upload can begin an image archive, so that what certainly does not
 * is refused before it is stored and queued. The rest of an archive is for its inspection.
 */
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';

import { plural } from '@lazaret/protocol';

import { sniffCompression } from '../archive/decompress.ts';
import { blockBytes, isZeroBlock, parseHeader } from '../archive/tar-header.ts';
import { TarError } from '../archive/tar-entry.ts';

/** `undecided` needs more bytes; a reason says what is wrong. */
export type ArchiveStart = 'possible' | 'undecided' | { readonly reason: string };

/** Compressed data begins with at most four bytes of a known format. */
const magicBytes = 4;

/** Of the first bytes, or with `isWhole` of all bytes. */
export async function checkArchiveStart(head: Buffer, isWhole: boolean): Promise<ArchiveStart> {
  if (head.length === 0) return isWhole ? { reason: 'the upload is empty' } : 'undecided';
  if (head.length < magicBytes && !isWhole) return 'undecided';
  const compression = sniffCompression(head);
  if (compression === 'none') return checkTar(head, { isWhole, what: 'the upload' });
  if (compression === 'bzip2' || compression === 'xz') {
    return { reason: `the archive is compressed with ${compression}; expected gzip or zstd` };
  }
  try {
    const plain = await inflateStart(head, compression);
    return checkTar(plain, { isWhole, what: `the ${compression} content` });
  } catch (error) {
    const { message } = error as Error;
    return { reason: `the ${compression} compression is damaged at its start: ${message}` };
  }
}

/** The first block of the compressed content, or less if there are too few bytes. */
async function inflateStart(head: Buffer, compression: 'gzip' | 'zstd'): Promise<Buffer> {
  // Small chunks, so that damage after the first block is not found here.
  const decoder =
    compression === 'gzip'
      ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: blockBytes })
      : createZstdDecompress({ finishFlush: constants.ZSTD_e_flush, chunkSize: blockBytes });
  decoder.end(head);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of decoder as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    total += piece.length;
    if (total >= blockBytes) break;
  }
  return Buffer.concat(pieces);
}

interface CheckedContent {
  readonly isWhole: boolean;
  /** Name of the content, for messages. */
  readonly what: string;
}

function checkTar(bytes: Buffer, { isWhole, what }: CheckedContent): ArchiveStart {
  if (bytes.length < blockBytes) {
    if (!isWhole) return 'undecided';
    const length = `${what} ends after ${plural(bytes.length, 'byte')}`;
    return { reason: `${length}, inside the first header of a tar archive (${blockBytes} bytes)` };
  }
  const block = bytes.subarray(0, blockBytes);
  if (isZeroBlock(block)) return { reason: `${what} is a tar archive without any file` };
  try {
    parseHeader(block, 0);
    return 'possible';
  } catch (error) {
    if (error instanceof TarError) return { reason: `${what} is not a tar archive` };
    throw error;
  }
}
