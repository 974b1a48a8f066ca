/** Sending a file or standard input to the server while it is read, hashed and counted. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { limits, operations, type Artifact, type Client } from '@lazaret/protocol';

import type { Invocation } from './command.ts';
import { Failure, systemErrorCode, usageFailure } from './failure.ts';
import { describeTransient, pause } from './follow-stream.ts';
import { createProgress } from './render/progress.ts';
import { tellPerson } from './render/print.ts';
import { visibleLine } from './render/visible-text.ts';

/** Something to upload; `path` is undefined for standard input. */
export interface UploadSource {
  readonly path: string | undefined;
  readonly name: string;
  readonly sizeBytes: number | undefined;
}

export const standardInput = '-';
const standardInputName = 'stdin';

/** Looks at a file before anything is sent, so that a wrong name among many stops all of them. */
export async function findSource(path: string, name: string | undefined): Promise<UploadSource> {
  if (path === standardInput) {
    return { path: undefined, name: name ?? standardInputName, sizeBytes: undefined };
  }
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw usageFailure(`${path} is a directory`, {
        hint: 'Name its files, or pack it and submit the archive.',
      });
    }
    // pipes and devices have no size of their own
    const sizeBytes = found.isFile() ? found.size : undefined;
    return { path, name: name ?? basename(path), sizeBytes };
  } catch (error) {
    throw asFileFailure(error, path);
  }
}

/** Uploads with further tries over a failing connection, as far as the source can be read again. */
export async function uploadFile(
  invocation: Invocation,
  client: Client,
  upload: { source: UploadSource; project: string | undefined; signal: AbortSignal },
): Promise<Artifact> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await uploadOnce(invocation, client, upload);
    } catch (error) {
      const reason = describeTransient(error);
      const isRepeatable = upload.source.sizeBytes !== undefined && !upload.signal.aborted;
      if (reason === undefined || !isRepeatable || attempt >= limits.cliSubmitAttempts) throw error;
      await tellPerson(invocation, `${reason}; sending ${visibleLine(upload.source.name)} again`);
      await pause(attempt, upload.signal);
    }
  }
}

async function uploadOnce(
  invocation: Invocation,
  client: Client,
  upload: { source: UploadSource; project: string | undefined; signal: AbortSignal },
): Promise<Artifact> {
  const { source, project, signal } = upload;
  const progress = createProgress(invocation, source.name, source.sizeBytes);
  const hash = createHash('sha256');
  let readFailure: unknown;
  async function* read(): AsyncGenerator<Uint8Array> {
    const stream =
      source.path === undefined ? invocation.shell.stdin : createReadStream(source.path);
    try {
      for await (const piece of stream as AsyncIterable<Uint8Array>) {
        hash.update(piece);
        progress.add(piece.length);
        yield piece;
      }
    } catch (error) {
      readFailure = error;
      throw error;
    }
  }
  try {
    const query = { name: source.name, ...(project === undefined ? {} : { project }) };
    const artifact = await client.call(
      operations.artifacts.upload,
      { query, body: ReadableStream.from<Uint8Array>(read()) },
      { signal, headers: { 'content-type': 'application/octet-stream' } },
    );
    const digest = hash.digest('hex');
    if (artifact.sha256 === digest) return artifact;
    throw new Failure(`${source.name} arrived with another SHA-256: ${artifact.sha256}`, {
      hint: `${digest} was sent. Something between here and the server changes what it carries.`,
    });
  } catch (error) {
    throw readFailure === undefined ? error : asFileFailure(readFailure, source.path ?? '-');
  } finally {
    progress.end();
  }
}

/** A file that cannot be used, said in words. */
export function asFileFailure(error: unknown, path: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof Failure) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'the disk is full',
    ENAMETOOLONG: 'the name is too long',
    ELOOP: 'a part of the path is a symbolic link',
  };
  return usageFailure(`${path}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
}
