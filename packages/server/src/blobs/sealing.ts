/**
 * Encryption of content at rest: AES-256-GCM in frames, so that a range is read without the rest.
 *
 *   header   8 bytes "LZRBLOB" and the version 1, 8 bytes identifying the key, 32 bytes of salt
 *   frame    up to 64 KiB of content, encrypted, and its 16-byte tag; the last may be shorter,
 *            and is empty for empty content
 *
 * Each blob has a key of its own, HKDF-SHA256 of the configured key and the salt, so that counting
 * nonces never repeat: 8 bytes of frame number, 3 zeros, 1 for the last frame and 0 for others.
 * A frame that is changed, moved, or cut off at the end fails its tag (the STREAM construction of
 * Hoang, Reyhanitabar, Rogaway and Vizár, 2015). The size of the content follows from the size of
 * the file.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { Problem } from '@lazaret/protocol';

import { blobLimits } from './limits.ts';

export const sealKeyBytes = 32;
export const sealHeaderBytes = 48;
const magic = Buffer.from('LZRBLOB\u0001', 'latin1');
const saltBytes = 32;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';
const frameBytes: number = blobLimits.frameBytes;

/** Size of the file for content of a size. */
function sealedSizeBytes(contentBytes: number): number {
  const frames = Math.max(1, Math.ceil(contentBytes / frameBytes));
  return sealHeaderBytes + contentBytes + frames * tagBytes;
}

/** Size of the content in a file of a size, or undefined for an impossible size. */
export function contentSizeBytes(fileBytes: number): number | undefined {
  const body = fileBytes - sealHeaderBytes;
  const frames = Math.max(1, Math.ceil(body / (frameBytes + tagBytes)));
  const contentBytes = body - frames * tagBytes;
  return contentBytes >= 0 && sealedSizeBytes(contentBytes) === fileBytes
    ? contentBytes
    : undefined;
}

/** Encrypts a stream; yields the header first. */
export async function* seal(
  content: AsyncIterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  yield Buffer.concat([magic, keyName(key), salt]);
  const blobKey = deriveKey(key, salt);
  let number = 0;
  let parts: Uint8Array[] = [];
  let gatheredBytes = 0;
  for await (const chunk of content) {
    parts.push(chunk);
    gatheredBytes += chunk.length;
    // A full frame is delayed until more content follows: only the last one is marked as such.
    if (gatheredBytes <= frameBytes) continue;
    let joined = Buffer.concat(parts);
    while (joined.length > frameBytes) {
      yield sealFrame(blobKey, { number, last: false }, joined.subarray(0, frameBytes));
      joined = joined.subarray(frameBytes);
      number += 1;
    }
    parts = [joined];
    gatheredBytes = joined.length;
  }
  yield sealFrame(blobKey, { number, last: true }, Buffer.concat(parts));
}

interface Place {
  readonly number: number;
  readonly last: boolean;
}

/** Reads frames of one encrypted blob. */
export interface Unsealer {
  /** The position in the file of the frame with that byte of the content. */
  locate(contentOffset: number): FrameLocation;
  /** Decrypts one frame. Throws the problem `blob_damaged`. */
  open(frame: FrameLocation, sealed: Buffer): Buffer;
}

interface FrameLocation extends Place {
  readonly contentStart: number;
  readonly fileStart: number;
  readonly fileBytes: number;
}

/**
 * Prepares reading from the header of a file. Throws the problem `blob_key_mismatch` for content
 * of another key, `blob_damaged` for an invalid header.
 */
export function unseal(header: Buffer, key: Uint8Array, contentBytes: number): Unsealer {
  if (header.length !== sealHeaderBytes || !header.subarray(0, magic.length).equals(magic)) {
    throw new Problem('blob_damaged', 'The header of an encrypted blob cannot be read.');
  }
  if (!timingSafeEqual(header.subarray(8, 16), keyName(key))) {
    throw new Problem(
      'blob_key_mismatch',
      'The content was encrypted with another key than the one that is configured.',
    );
  }
  const blobKey = deriveKey(key, header.subarray(16));
  const frames = Math.max(1, Math.ceil(contentBytes / frameBytes));
  return {
    locate: (contentOffset) => {
      const number = Math.floor(contentOffset / frameBytes);
      const contentStart = number * frameBytes;
      return {
        number,
        last: number === frames - 1,
        contentStart,
        fileStart: sealHeaderBytes + number * (frameBytes + tagBytes),
        fileBytes: Math.min(frameBytes, contentBytes - contentStart) + tagBytes,
      };
    },
    open: (frame, sealed) => openFrame(blobKey, frame, sealed),
  };
}

function sealFrame(key: Buffer, place: Place, content: Buffer): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce(place), { authTagLength: tagBytes });
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

function openFrame(key: Buffer, place: Place, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, nonce(place), { authTagLength: tagBytes });
  try {
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch (error) {
    const detail = `Frame ${place.number} of an encrypted blob fails its authentication.`;
    throw new Problem('blob_damaged', detail, { cause: error });
  }
}

function nonce({ number, last }: Place): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(number));
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}

/** Identifies keys without revealing anything about them. */
export function keyName(key: Uint8Array): Buffer {
  return createHmac('sha256', key).update('lazaret blob key name').digest().subarray(0, 8);
}

function deriveKey(key: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'lazaret blob 1', sealKeyBytes));
}
