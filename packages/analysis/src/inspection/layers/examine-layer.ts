/**
 * Reads one stored layer in a single pass: digest of the stored bytes, decompression, digest of the
 * tar, and the walk. Only content that matches its digest is accepted.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';

import type { Gap } from '@lazaret/protocol';

import { CompressionError, decompress } from '../../archive/decompress.ts';
import type { Compression } from '../../archive/decompress.ts';
import { TarError } from '../../archive/tar-entry.ts';
import type { BlobFile } from '@lazaret/oci';
import { analysisLimits } from '../../limits.ts';
import { blobTree } from '../../tree/blob-tree.ts';
import { tarTree } from '../../tree/tar-tree.ts';
import { examineTree } from '../walk/examine-tree.ts';
import type { ExaminePlan } from '../walk/examine-tree.ts';
import { HiddenStore } from '../walk/hidden-bytes.ts';
import { structureFinding } from '../walk/structure-findings.ts';
import type { LayerRecord, OfFile, RecordedFinding } from '../walk/tree-record.ts';

export interface LayerClaims {
  /** `sha256:...` of the stored bytes, from the manifest. */
  readonly digest?: string | undefined;
  /** Size of the stored bytes, from the manifest. */
  readonly sizeBytes?: number | undefined;
  /** Maximum size of the tar; `layerTarBytes` unless given. */
  readonly tarBytesMax?: number | undefined;
  /** Set when the stored bytes are a single file instead of a tar archive. */
  readonly blob?: BlobFile | undefined;
}

/** A layer whose bytes do not match the manifest, or are unavailable. */
export class LayerError extends Error {
  readonly code: 'digest_mismatch' | 'size_mismatch' | 'unreadable';

  constructor(code: LayerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LayerError';
    this.code = code;
  }
}

/**
 * Examines a layer. A corrupt or oversized layer yields a partial record with gaps. Throws
 * LayerError when the stored bytes cannot be read or do not match the digest.
 */
export async function examineLayer(
  stored: AsyncIterable<Uint8Array>,
  claims: LayerClaims,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const reader = new StoredBytesReader(stored, claims);
  const { blob } = claims;
  return blob === undefined ? examineTar(reader, claims, plan) : examineBlob(reader, blob, plan);
}

async function examineTar(
  reader: StoredBytesReader,
  claims: LayerClaims,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const totalBytes = claims.tarBytesMax ?? analysisLimits.layerTarBytes;
  const bounds = {
    totalBytes,
    ratio: analysisLimits.layerRatio,
    freeBytes: analysisLimits.layerRatioFreeBytes,
  };
  const { compression, plain } = await decompress(reader.read(), bounds);
  const tar = new TarReader(plain, compression);
  const escapes: string[] = [];
  const onEscape = (written: string): void => {
    if (escapes.length < escapesListed) escapes.push(written);
  };
  const hidden = new HiddenStore();
  const { record, failure } = await examineTree(
    tarTree(tar.read(), { totalBytes, onEscape, onHidden: (each) => hidden.add(each) }),
    plan,
    () => hidden.extraContent(),
  );
  const digest = await reader.finish();
  return {
    ...record,
    structure: [...record.structure, ...escapes.map(layerEscape), ...hidden.findings()],
    gaps: [...record.gaps, ...hidden.gaps(), ...(failure === undefined ? [] : [layerGap(failure)])],
    digest,
    diffId: compression === 'none' ? digest : tar.digest(failure === undefined),
    compression,
    storedBytes: reader.sizeBytes,
    tarBytes: tar.sizeBytes,
  };
}

const escapesListed = 100;

function layerEscape(written: string): OfFile<RecordedFinding> {
  const title = 'A name leads above the root of the image; container engines refuse such a layer';
  return [-1, structureFinding('path-escape', title, written)];
}

/** Examines a single file, neither decompressed nor treated as a layer. */
async function examineBlob(
  reader: StoredBytesReader,
  blob: BlobFile,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const tree = blobTree(reader.read(), blob);
  const { record, failure } = await examineTree(tree, { ...plan, isLayer: false });
  const digest = await reader.finish();
  return {
    ...record,
    structure: [
      ...record.structure,
      ...(blob.escape === undefined ? [] : [blobEscape(blob.escape)]),
    ],
    gaps: [...record.gaps, ...(failure === undefined ? [] : [layerGap(failure)])],
    ...{ digest, diffId: '', compression: 'none' },
    ...{ storedBytes: reader.sizeBytes, tarBytes: reader.sizeBytes },
  };
}

function blobEscape(written: string): OfFile<RecordedFinding> {
  const title = 'The name of a blob leads outside the directory that the artifact is pulled into';
  return [-1, structureFinding('path-escape', title, written)];
}

/** Counts and digests the stored bytes while they are read. */
class StoredBytesReader {
  sizeBytes = 0;
  failure: unknown;
  readonly #claims: LayerClaims;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #hash: Hash;
  #ended = false;

  constructor(stored: AsyncIterable<Uint8Array>, claims: LayerClaims) {
    this.#claims = claims;
    this.#iterator = stored[Symbol.asyncIterator]();
    this.#hash = createHash(algorithmOf(claims.digest));
  }

  /** The bytes for the decompressor, which may stop early; `finish` reads the rest. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** The verified digest of all bytes, including those not read before. Throws LayerError. */
  async finish(): Promise<string> {
    if (this.failure !== undefined) throw unreadable(this.failure);
    await this.#drain();
    return this.#verify();
  }

  async #drain(): Promise<void> {
    try {
      while ((await this.#next()) !== undefined);
    } catch (error) {
      throw unreadable(error);
    }
  }

  #verify(): string {
    const { digest, sizeBytes } = this.#claims;
    if (sizeBytes !== undefined && sizeBytes !== this.sizeBytes) {
      const message = `size mismatch: expected ${sizeBytes} bytes, got ${this.sizeBytes}`;
      throw new LayerError('size_mismatch', message);
    }
    const found = `${algorithmOf(digest)}:${this.#hash.digest('hex')}`;
    if (digest !== undefined && digest !== found) {
      throw new LayerError('digest_mismatch', `digest mismatch: expected ${digest}, got ${found}`);
    }
    return found;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    try {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#ended = true;
        return undefined;
      }
      this.sizeBytes += next.value.length;
      this.#checkSize();
      this.#hash.update(next.value);
      return next.value;
    } catch (error) {
      this.#ended = true;
      this.failure = error;
      throw error;
    }
  }

  /** Stops at the promised size, because the stream may never end. */
  #checkSize(): void {
    const { sizeBytes } = this.#claims;
    const most = sizeBytes ?? analysisLimits.layerTarBytes;
    if (this.sizeBytes <= most) return;
    throw new LayerError(
      'size_mismatch',
      `size mismatch: expected at most ${most} bytes, got more`,
    );
  }
}

/** Counts and digests the tar while it is read; an uncompressed layer is only digested once. */
class TarReader {
  sizeBytes = 0;
  readonly #plain: AsyncIterable<Uint8Array>;
  readonly #hash: Hash | undefined;

  constructor(plain: AsyncIterable<Uint8Array>, compression: Compression) {
    this.#plain = plain;
    this.#hash = compression === 'none' ? undefined : createHash('sha256');
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of this.#plain) {
      this.sizeBytes += chunk.length;
      this.#hash?.update(chunk);
      yield chunk;
    }
  }

  /** Empty for a tar that was not read completely. */
  digest(whole: boolean): string {
    return whole && this.#hash !== undefined ? `sha256:${this.#hash.digest('hex')}` : '';
  }
}

function algorithmOf(digest: string | undefined): 'sha256' | 'sha512' {
  return digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
}

function unreadable(error: unknown): LayerError {
  if (error instanceof LayerError) return error;
  const message = error instanceof Error ? error.message : 'the layer cannot be read';
  return new LayerError('unreadable', message, { cause: error });
}

/** The gap for a walk that ended early. */
function layerGap(failure: unknown): Gap {
  const detail = failure instanceof Error ? failure.message : 'unknown error';
  return { by: 'layer', reason: gapReason(failure), detail };
}

function gapReason(failure: unknown): Gap['reason'] {
  if (failure instanceof TarError) {
    if (failure.code === 'too_many_entries') return 'too_many';
    if (failure.code === 'sparse_unsupported') return 'unsupported';
    return failure.isLimit ? 'too_large' : 'damaged';
  }
  if (failure instanceof CompressionError) return failure.code;
  if (failure instanceof Error && /Abort|Timeout/.test(failure.name)) return 'timed_out';
  return 'failed';
}
