/**
 * The worker thread that searches a layer for a file: decompressing gigabytes would otherwise block
 * the API process.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { receiveBytes } from '../source/piped-bytes.ts';
import { openFileBytes } from '../source/file-bytes.ts';
import { ContentError, findContent } from './find-content.ts';
import type { ContentFailureCode, ContentRequest, ContentSink } from './find-content.ts';

export interface ContentTask {
  readonly request: ContentRequest;
  /** A range of a local file, or a port through which the bytes are sent. */
  readonly stored:
    | { readonly path: string; readonly offset: number; readonly sizeBytes: number }
    | { readonly port: MessagePort };
  /** The output file. */
  readonly output: string;
}

export type ContentAnswer =
  | { readonly found: true }
  | { readonly failure: { readonly code: ContentFailureCode; readonly detail: string } };

const port = parentPort;
if (port === null) throw new Error('content-worker.ts runs as a worker thread only');
void run(workerData as ContentTask).then((answer) => port.postMessage(answer));

async function run({ request, stored, output }: ContentTask): Promise<ContentAnswer> {
  try {
    const file = await open(output, 'r+');
    try {
      const sink = new FileSink(file);
      await findContent(bytesOf(stored), request, { sink, now: () => performance.now() });
    } finally {
      await file.close();
    }
    return { found: true };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'the layer cannot be read';
    return { failure: { code: error instanceof ContentError ? error.code : 'failed', detail } };
  }
}

async function* bytesOf(
  stored: ContentTask['stored'],
): AsyncGenerator<Uint8Array, void, undefined> {
  if ('port' in stored) {
    yield* receiveBytes(stored.port);
    return;
  }
  const { path, offset, sizeBytes } = stored;
  const file = await openFileBytes(path);
  try {
    yield* file.stream({ offset, sizeBytes });
  } finally {
    await file.close();
  }
}

class FileSink implements ContentSink {
  readonly #file: FileHandle;
  #offset = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async restart(): Promise<void> {
    if (this.#offset > 0) await this.#file.truncate(0);
    this.#offset = 0;
  }

  async write(piece: Uint8Array): Promise<void> {
    for (let written = 0; written < piece.length;) {
      const rest = piece.length - written;
      const { bytesWritten } = await this.#file.write(piece, written, rest, this.#offset);
      written += bytesWritten;
      this.#offset += bytesWritten;
    }
  }
}
