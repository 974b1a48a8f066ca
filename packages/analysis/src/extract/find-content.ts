/**
 * Finds content in a layer by its SHA-256 and writes it to a sink. The digest decides, not the
 * path: hard links, duplicate entries and archive members are found alike, and nothing else can be
 * returned instead.
 */
import { createHash } from 'node:crypto';

import { CompressionError, decompress } from '../archive/decompress.ts';
import { NestedBudget } from '../archive/nested-budget.ts';
import { openNested } from '../archive/nested.ts';
import { TarError } from '../archive/tar-entry.ts';
import type { BlobFile } from '@lazaret/oci';
import { analysisLimits } from '../limits.ts';
import { blobTree } from '../tree/blob-tree.ts';
import type { FileTree } from '../tree/file-tree.ts';
import { tarTree } from '../tree/tar-tree.ts';

/** Identifies content by digest and size. */
export interface WantedContent {
  /** Lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface ContentRequest {
  readonly wanted: WantedContent;
  /** The file of the layer that contains the content, at any depth. */
  readonly container?: (WantedContent & { readonly path: string }) | undefined;
  /** Set when the layer is a single file and not a tar archive. */
  readonly blob?: BlobFile | undefined;
}

/** Where content is written; restarted when a candidate did not match. */
export interface ContentSink {
  restart(): Promise<void>;
  write(piece: Uint8Array): Promise<void>;
}

export type ContentFailureCode = 'absent' | 'damaged' | 'too_large' | 'timed_out' | 'failed';

/** The layer does not provide the content; the message says why. */
export class ContentError extends Error {
  readonly code: ContentFailureCode;

  constructor(code: ContentFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ContentError';
    this.code = code;
  }
}

/** Reads a stored layer until the content is found. Throws ContentError. */
export async function findContent(
  stored: AsyncIterable<Uint8Array>,
  request: ContentRequest,
  { sink, now }: { readonly sink: ContentSink; readonly now: () => number },
): Promise<void> {
  const { wanted, container, blob } = request;
  try {
    const tree = blob === undefined ? await layerTree(stored) : blobTree(stored, blob);
    if (container === undefined) {
      if (await findFile(tree, wanted, sink)) return;
      throw absent(wanted);
    }
    if (container.sizeBytes > analysisLimits.readerFileBytes) {
      const most = analysisLimits.readerFileBytes;
      throw new ContentError('too_large', `${container.path} is larger than ${most} bytes`);
    }
    const memory = new MemorySink();
    if (!(await findFile(tree, container, memory))) throw absent(container);
    const file = { path: container.path, bytes: memory.take() };
    if (!(await findMember(file, wanted, { sink, now }))) throw absent(wanted);
  } catch (error) {
    throw asContentError(error);
  }
}

async function layerTree(stored: AsyncIterable<Uint8Array>): Promise<FileTree> {
  const totalBytes = analysisLimits.layerTarBytes;
  const bounds = {
    totalBytes,
    ratio: analysisLimits.layerRatio,
    freeBytes: analysisLimits.layerRatioFreeBytes,
  };
  const { plain } = await decompress(stored, bounds);
  return tarTree(plain, { totalBytes });
}

/** Whether a file of the tree has the content, which was then written to the sink. */
async function findFile(
  tree: FileTree,
  wanted: WantedContent,
  sink: ContentSink,
): Promise<boolean> {
  for await (const file of tree.walk()) {
    // The size of a file in a layer is known before it is read.
    const isContent = file.type === 'file' || file.type === 'unknown';
    if (!isContent || file.sizeBytes !== wanted.sizeBytes) continue;
    const hash = createHash('sha256');
    await sink.restart();
    for await (const piece of file.content) {
      hash.update(piece);
      await sink.write(piece);
    }
    if (hash.digest('hex') === wanted.sha256) return true;
  }
  return false;
}

interface MemberParts {
  readonly sink: ContentSink;
  readonly now: () => number;
}

async function findMember(
  file: { readonly path: string; readonly bytes: Buffer },
  wanted: WantedContent,
  { sink, now }: MemberParts,
): Promise<boolean> {
  for await (const step of openNested(file, new NestedBudget({ now }))) {
    if (step.type === 'gap' || step.bytes.length !== wanted.sizeBytes) continue;
    if (createHash('sha256').update(step.bytes).digest('hex') !== wanted.sha256) continue;
    await sink.restart();
    await sink.write(step.bytes);
    return true;
  }
  return false;
}

class MemorySink implements ContentSink {
  #pieces: Buffer[] = [];

  restart(): Promise<void> {
    this.#pieces = [];
    return Promise.resolve();
  }

  write(piece: Uint8Array): Promise<void> {
    // A chunk is a view into memory that is reused.
    this.#pieces.push(Buffer.from(piece));
    return Promise.resolve();
  }

  take(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

function absent({ sha256 }: WantedContent): ContentError {
  return new ContentError('absent', `no file with the SHA-256 ${sha256} is in the layer any more`);
}

function asContentError(error: unknown): ContentError {
  if (error instanceof ContentError) return error;
  const message = error instanceof Error ? error.message : 'the layer cannot be read';
  const options = { cause: error };
  if (error instanceof TarError) {
    return new ContentError(error.isLimit ? 'too_large' : 'damaged', message, options);
  }
  if (error instanceof CompressionError) {
    const isLimit = error.code === 'ratio' || error.code === 'too_large';
    return new ContentError(isLimit ? 'too_large' : 'damaged', message, options);
  }
  return new ContentError('failed', message, options);
}
