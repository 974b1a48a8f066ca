/** Reading of request bodies: bounded JSON, and uploads that stream. */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';

import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { limits, Problem } from '@lazaret/protocol';

import type { Upload } from './route.ts';

/** The JSON value of a body, or undefined when there is none. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBounded(request, limits.bodyJsonBytes);
  if (bytes.length === 0) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/(?:[a-z0-9.+-]*\+)?json\b/i.test(type)) {
    throw new Problem(
      'unsupported_media_type',
      `expected content-type application/json, received ${JSON.stringify(type.slice(0, 100))}`,
    );
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem('malformed_body', `expected JSON in UTF-8: ${(error as Error).message}`);
  }
}

async function readBounded(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of guardUpload(request, limits.uploadIdleMs)) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      throw new Problem('payload_too_large', `expected at most ${maxBytes} bytes of JSON`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The uploaded file: the raw body, or the first file part of a multipart body. */
export async function readUpload(request: IncomingMessage, idleMs: number): Promise<Upload> {
  const type = request.headers['content-type'] ?? '';
  const body = guardUpload(request, idleMs);
  if (!/^multipart\/form-data\b/i.test(type)) return { name: '', stream: body };
  return readMultipart(request, body);
}

/**
 * The body as a stream that fails with a problem when the client goes away before the end, or
 * sends nothing for a while. Without it a cut upload would look like a short file.
 */
function guardUpload(request: IncomingMessage, idleMs: number): Readable {
  const guarded = new PassThrough({ highWaterMark: 256 * 1024 });
  const expected = Number(request.headers['content-length'] ?? Number.NaN);
  let received = 0;
  let idle: NodeJS.Timeout | undefined;
  const fail = (problem: Problem): void => {
    clearTimeout(idle);
    request.unpipe(guarded);
    guarded.destroy(problem);
  };
  const watch = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      fail(new Problem('upload_timeout', `nothing arrived for ${idleMs / 1000} s`));
    }, idleMs);
  };
  const cut = (): void => {
    if (request.complete) return;
    const wanted = Number.isNaN(expected) ? '' : ` of ${expected}`;
    fail(new Problem('incomplete_upload', `the connection ended after ${received}${wanted} bytes`));
  };
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    watch();
  });
  request.once('close', cut);
  request.once('error', cut);
  guarded.once('close', () => {
    clearTimeout(idle);
    request.off('close', cut);
  });
  watch();
  request.once('end', () => clearTimeout(idle));
  request.pipe(guarded);
  return guarded;
}

function readMultipart(request: IncomingMessage, body: Readable): Promise<Upload> {
  return new Promise<Upload>((resolve, reject) => {
    const parser = openParser(request);
    let current: Readable | undefined;
    const fail = (error: unknown): void => {
      const problem = error instanceof Problem ? error : malformed((error as Error).message);
      current?.destroy(problem);
      reject(problem);
      body.unpipe(parser);
      body.resume();
    };
    parser.on('file', (_field: string, file: BusboyFileStream, name: string | undefined) => {
      if (current !== undefined) {
        fail(malformed('expected one file part, received several'));
        return;
      }
      current = file;
      resolve({ name: name ?? '', stream: file });
    });
    parser.on('error', fail);
    parser.on('finish', () => {
      if (current === undefined) reject(malformed('expected a file part, received none'));
    });
    body.on('error', fail);
    body.pipe(parser);
  });
}

function openParser(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: request.headers as { 'content-type': string },
      limits: {
        fields: limits.multipartFields,
        files: 2,
        fieldSize: limits.nameChars * 4,
        headerPairs: limits.multipartFields,
      },
      highWaterMark: 256 * 1024,
    });
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

function malformed(detail: string): Problem {
  return new Problem('malformed_body', `the multipart body could not be read: ${detail}`);
}
