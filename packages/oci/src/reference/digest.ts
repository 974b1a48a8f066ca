/** Digests of blobs as manifests write them: `sha256:...`. */
import { SourceError } from '../source-error.ts';
import { createHash } from 'node:crypto';

/** Hexadecimal characters by algorithm, as the OCI image specification registers them. */
const algorithms: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

export interface BlobDigest {
  readonly algorithm: string;
  /** Lower-case hexadecimal. */
  readonly encoded: string;
}

/** Parses a digest; undefined when it is malformed or its algorithm is unsupported. */
export function parseDigest(digest: string): BlobDigest | undefined {
  const colon = digest.indexOf(':');
  const algorithm = digest.slice(0, colon);
  const encoded = digest.slice(colon + 1);
  const isKnown = algorithms.get(algorithm) === encoded.length && /^[0-9a-f]+$/.test(encoded);
  return isKnown ? { algorithm, encoded } : undefined;
}

/** `sha256:...` of bytes. */
export function sha256Digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Throws SourceError: `digest_mismatch`, or `unsupported` for an unknown algorithm. */
export function verifyDigest(bytes: Uint8Array, digest: string, what: string): void {
  const parsed = parseDigest(digest);
  if (parsed === undefined) {
    throw new SourceError('unsupported', `${what} has an unsupported digest: ${digest}`);
  }
  const found = createHash(parsed.algorithm).update(bytes).digest('hex');
  if (found === parsed.encoded) return;
  const message = `${what}: digest mismatch: expected ${digest}, got ${parsed.algorithm}:${found}`;
  throw new SourceError('digest_mismatch', message);
}
