import { SourceError } from '../image-source.ts';

/** A whole body within a bound. Throws SourceError `too_large`, naming what was read. */
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

/** The beginning of a body that only explains; a broken one explains nothing. */
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
    // What came before it broke is all there is to say.
  }
  return Buffer.concat(pieces);
}
