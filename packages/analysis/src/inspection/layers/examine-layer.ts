/**
 * Reads one stored layer to its end: digest of the stored bytes, inflation, digest of the tar, and
 * the walk, in one pass. Only what hashes to its claim is believed.
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
  /** Stored bytes, from the manifest. */
  readonly sizeBytes?: number | undefined;
  /** Bytes of the tar; `layerTarBytes` unless given. */
  readonly tarBytesMax?: number | undefined;
  /** The one file that the stored bytes are, in place of a tar. */
  readonly blob?: BlobFile | undefined;
}

/** A layer whose bytes are not those that were promised, or could not be had. */
export class LayerError extends Error {
  readonly code: 'digest_mismatch' | 'size_mismatch' | 'unreadable';

  constructor(code: LayerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LayerError';
    this.code = code;
  }
}

/**
 * Examines a layer. A damaged or overwhelming layer gives a record with gaps, as far as it could be
 * read. Throws LayerError when the stored bytes cannot be read or are not those of the digest.
 */
export async function examineLayer(
  stored: AsyncIterable<Uint8Array>,
  claims: LayerClaims,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const tap = new StoredTap(stored, claims);
  const { blob } = claims;
  return blob === undefined ? examineTar(tap, claims, plan) : examineBlob(tap, blob, plan);
}

async function examineTar(
  tap: StoredTap,
  claims: LayerClaims,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const totalBytes = claims.tarBytesMax ?? analysisLimits.layerTarBytes;
  const bounds = {
    totalBytes,
    ratio: analysisLimits.layerRatio,
    freeBytes: analysisLimits.layerRatioFreeBytes,
  };
  const { compression, plain } = await decompress(tap.read(), bounds);
  const tar = new TarTap(plain, compression);
  const escapes: string[] = [];
  const onEscape = (written: string): void => {
    if (escapes.length < escapesListed) escapes.push(written);
  };
  const hidden = new HiddenStore();
  const { record, failure } = await examineTree(
    tarTree(tar.read(), { totalBytes, onEscape, onHidden: (each) => hidden.add(each) }),
    plan,
    () => hidden.loose(),
  );
  const digest = await tap.finish();
  return {
    ...record,
    structure: [...record.structure, ...escapes.map(layerEscape), ...hidden.findings()],
    gaps: [...record.gaps, ...hidden.gaps(), ...(failure === undefined ? [] : [layerGap(failure)])],
    digest,
    diffId: compression === 'none' ? digest : tar.digest(failure === undefined),
    compression,
    storedBytes: tap.sizeBytes,
    tarBytes: tar.sizeBytes,
  };
}

const escapesListed = 100;

function layerEscape(written: string): OfFile<RecordedFinding> {
  const title = 'A name leads above the root of the image; container engines refuse such a layer';
  return [-1, structureFinding('path-escape', title, written)];
}

/** A file as it is: neither inflated nor a layer, whatever it holds. */
async function examineBlob(
  tap: StoredTap,
  blob: BlobFile,
  plan: ExaminePlan,
): Promise<LayerRecord> {
  const tree = blobTree(tap.read(), blob);
  const { record, failure } = await examineTree(tree, { ...plan, isLayer: false });
  const digest = await tap.finish();
  return {
    ...record,
    structure: [
      ...record.structure,
      ...(blob.escape === undefined ? [] : [blobEscape(blob.escape)]),
    ],
    gaps: [...record.gaps, ...(failure === undefined ? [] : [layerGap(failure)])],
    ...{ digest, diffId: '', compression: 'none' },
    ...{ storedBytes: tap.sizeBytes, tarBytes: tap.sizeBytes },
  };
}

function blobEscape(written: string): OfFile<RecordedFinding> {
  const title = 'The name of a blob leads out of the directory that an artifact is pulled into';
  return [-1, structureFinding('path-escape', title, written)];
}

/** The stored bytes on their way: counted and digested. */
class StoredTap {
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

  /** The bytes for the inflater, which may stop early; `finish` reads the rest. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** The digest of all bytes, those that were not asked for too. Throws LayerError. */
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
      const message = `expected ${sizeBytes} bytes, ${this.sizeBytes} came`;
      throw new LayerError('size_mismatch', message);
    }
    const found = `${algorithmOf(digest)}:${this.#hash.digest('hex')}`;
    if (digest !== undefined && digest !== found) {
      throw new LayerError('digest_mismatch', `expected ${digest}, the bytes are ${found}`);
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

  /** More than promised is not read to its end, which may never come. */
  #checkSize(): void {
    const { sizeBytes } = this.#claims;
    const most = sizeBytes ?? analysisLimits.layerTarBytes;
    if (this.sizeBytes <= most) return;
    throw new LayerError('size_mismatch', `expected at most ${most} bytes, more came`);
  }
}

/** The plain tar on its way; a layer that is stored plain is digested once only. */
class TarTap {
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

  /** Nothing is known of a tar that was not read to its end. */
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

/** Why a walk ended before the end of its layer. */
function layerGap(failure: unknown): Gap {
  const detail = failure instanceof Error ? failure.message : 'the walk ended with something else';
  return { by: 'layer', reason: gapReason(failure), detail };
}

function gapReason(failure: unknown): Gap['reason'] {
  if (failure instanceof TarError) {
    if (failure.code === 'too_many_entries') return 'too_many';
    return failure.isLimit ? 'too_large' : 'damaged';
  }
  if (failure instanceof CompressionError) return failure.code;
  if (failure instanceof Error && /Abort|Timeout/.test(failure.name)) return 'timed_out';
  return 'failed';
}
