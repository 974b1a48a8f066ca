import { SourceError } from '../../source-error.ts';

/** Reads a whole body up to a limit. Throws SourceError `too_large`. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of body) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) {
      throw new SourceError('too_large', `${what} has more than ${maxBytes} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, sizeBytes);
}

/** Reads the start of an error body; a lost connection is ignored. */
export async function readBeginning(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let missing = maxBytes;
  try {
    for await (const piece of body) {
      pieces.push(piece.subarray(0, missing));
      missing -= piece.length;
      if (missing <= 0) break;
    }
  } catch {
    // The part that was received is used.
  }
  return Buffer.concat(pieces);
}
