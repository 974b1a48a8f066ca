/** Uploads a file or standard input as a stream, and verifies its SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { operations, type Artifact, type Client } from '@lazaret/protocol';

import type { Invocation } from '../command/command.ts';
import { Failure, systemErrorCode, usageFailure } from '../failure.ts';
import { transientReason, pause } from '../connection/follow-stream.ts';
import { cliLimits } from '../limits.ts';
import { createProgress } from '../render/progress.ts';
import { printTerminalNote } from '../render/print.ts';
import { visibleLine } from '../render/visible-text.ts';

/** Something to upload; `path` is undefined for standard input. */
export interface UploadSource {
  readonly path: string | undefined;
  readonly name: string;
  readonly sizeBytes: number | undefined;
}

export const standardInput = '-';
const standardInputName = 'stdin';

/** Checks a file before anything is uploaded, so that one wrong name stops the command. */
export async function findSource(path: string, name: string | undefined): Promise<UploadSource> {
  if (path === standardInput) {
    return { path: undefined, name: name ?? standardInputName, sizeBytes: undefined };
  }
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw usageFailure(`${path} is a directory`, {
        hint: 'Name its files, or submit an archive of it.',
      });
    }
    // pipes and devices have no size
    const sizeBytes = found.isFile() ? found.size : undefined;
    return { path, name: name ?? basename(path), sizeBytes };
  } catch (error) {
    throw toFileFailure(error, path);
  }
}

/** Uploads an artifact, and retries after connection failures if the source can be read again. */
export function uploadFile(
  invocation: Invocation,
  client: Client,
  upload: { source: UploadSource; project: string | undefined; signal: AbortSignal },
): Promise<Artifact> {
  const { source, project, signal } = upload;
  const query = { name: source.name, ...(project === undefined ? {} : { project }) };
  return uploadTo(invocation, {
    ...{ source, signal },
    send: (body, options) => client.call(operations.artifacts.upload, { query, body }, options),
    sha256Of: ({ sha256 }) => sha256,
  });
}

/** The content of an upload, and its operation. */
export interface Upload<T> {
  readonly source: UploadSource;
  readonly signal: AbortSignal;
  readonly send: (
    body: ReadableStream<Uint8Array>,
    options: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>> },
  ) => Promise<T>;
  /** The SHA-256 that the server computed. */
  readonly sha256Of: (answer: T) => string | undefined;
}

/** Uploads with any operation with a binary body; retries like `uploadFile`. */
export async function uploadTo<T>(invocation: Invocation, upload: Upload<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await uploadOnce(invocation, upload);
    } catch (error) {
      const reason = transientReason(error);
      const isRepeatable = upload.source.sizeBytes !== undefined && !upload.signal.aborted;
      if (reason === undefined || !isRepeatable || attempt >= cliLimits.submitAttempts) throw error;
      await printTerminalNote(
        invocation,
        `${reason}; retrying the upload of ${visibleLine(upload.source.name)}`,
      );
      await pause(attempt, upload.signal);
    }
  }
}

async function uploadOnce<T>(
  invocation: Invocation,
  { source, signal, send, sha256Of }: Upload<T>,
): Promise<T> {
  const progress = createProgress(invocation, source.name, source.sizeBytes);
  const hash = createHash('sha256');
  let readFailure: unknown;
  async function* read(): AsyncGenerator<Uint8Array> {
    const stream =
      source.path === undefined ? invocation.shell.stdin : createReadStream(source.path);
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        progress.add(chunk.length);
        yield chunk;
      }
    } catch (error) {
      readFailure = error;
      throw error;
    }
  }
  try {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await send(ReadableStream.from<Uint8Array>(read()), { signal, headers });
    const digest = hash.digest('hex');
    const stored = sha256Of(answer);
    if (stored === digest) return answer;
    throw new Failure(`${source.name} was stored with a different SHA-256: ${stored}`, {
      hint: `Expected ${digest}. A proxy between this machine and the server may alter data.`,
    });
  } catch (error) {
    throw readFailure === undefined ? error : toFileFailure(readFailure, source.path ?? '-');
  } finally {
    progress.end();
  }
}

/** A usage failure for an error of the file system. */
export function toFileFailure(error: unknown, path: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof Failure) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'is a directory',
    ENOTDIR: 'not a directory',
    ENOSPC: 'no space left on device',
    ENAMETOOLONG: 'file name too long',
    ELOOP: 'too many symbolic links',
  };
  return usageFailure(`${path}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
}
