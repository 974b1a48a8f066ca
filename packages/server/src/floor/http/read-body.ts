/**
 * Reads request bodies: bounded JSON, and streamed uploads. Guards of a body: its end must
 * arrive, data must keep arriving, and a reader that stops releases it.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

import { Problem } from '@lazaret/protocol';

import { serverLimits } from '../limits.ts';
import { httpLimits } from './limits.ts';
import { readMultipart } from './read-multipart.ts';
import type { Upload } from './route.ts';

/** The JSON value of a body, or undefined without a body. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBounded(request, httpLimits.bodyJsonBytes);
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
  const tooLarge = (): Problem =>
    new Problem('payload_too_large', `expected at most ${maxBytes} bytes of JSON`);
  if ((declaredBytes(request) ?? 0) > maxBytes) throw tooLarge();
  const body = guardBody(request, serverLimits.uploadIdleMs);
  // A file may be slow; a document must arrive soon.
  const late = setTimeout(() => {
    body.destroy(new Problem('upload_timeout', 'the body did not arrive in time'));
  }, httpLimits.requestTimeoutMs);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks);
}

/** Refuses a body that the operation would ignore; empty ones, and empty objects, are harmless. */
export async function expectNoBody(
  request: IncomingMessage,
  onRead: () => void,
): Promise<undefined> {
  const isEmpty = (declaredBytes(request) ?? 0) === 0;
  if (isEmpty && request.headers['transfer-encoding'] === undefined) {
    request.resume();
    return undefined;
  }
  if ((declaredBytes(request) ?? 0) > httpLimits.bodyJsonBytes) {
    throw new Problem('payload_too_large', 'expected no body; this operation takes none');
  }
  onRead();
  const text = (await readBounded(request, httpLimits.bodyJsonBytes)).toString('latin1').trim();
  if (text === '' || text === '{}') return undefined;
  const message = 'expected no body; this operation takes none';
  throw new Problem('invalid_request', `body: ${message}`, { fields: [{ path: 'body', message }] });
}

/** The uploaded file: the raw body, or the only file part of a multipart body. */
export async function readUpload(
  request: IncomingMessage,
  { idleMs, ignoreFields }: { readonly idleMs: number; readonly ignoreFields: boolean },
): Promise<Upload> {
  const type = request.headers['content-type'] ?? '';
  const body = guardBody(request, idleMs);
  if (/^multipart\/form-data\b/i.test(type)) {
    return readMultipart(request.headers, body, { ignoreFields });
  }
  return { name: '', stream: body, declaredBytes: declaredBytes(request) };
}

function declaredBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

const guards = new WeakMap<IncomingMessage, PassThrough>();

/**
 * The body as a stream that fails with a problem when the client disconnects before the end,
 * or sends nothing for a while. Without it an interrupted upload would look like a short file.
 */
function guardBody(request: IncomingMessage, idleMs: number): PassThrough {
  const guarded = new PassThrough({ highWaterMark: 256 * 1024 });
  guards.set(request, guarded);
  const expected = declaredBytes(request);
  let received = 0;
  let idle: NodeJS.Timeout | undefined;
  const fail = (problem: Problem): void => {
    request.unpipe(guarded);
    guarded.destroy(problem);
  };
  const watch = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      // A slow reader does not count as a stalled client.
      if (guarded.writableNeedDrain) watch();
      else fail(new Problem('upload_timeout', `nothing arrived for ${idleMs / 1000} s`));
    }, idleMs);
  };
  const count = (chunk: Buffer): void => {
    received += chunk.length;
    watch();
  };
  const cut = (): void => {
    // A body that arrived whole, but was not read when the connection closed, is lost as well.
    if (request.readableEnded) return;
    const wanted = expected === undefined ? '' : ` of ${expected}`;
    fail(new Problem('incomplete_upload', `the connection ended after ${received}${wanted} bytes`));
  };
  const rest = (): void => clearTimeout(idle);
  request.on('data', count).once('end', rest).on('close', cut).on('error', cut);
  guarded.once('close', () => {
    rest();
    request.off('data', count).off('end', rest).off('close', cut).off('error', cut);
    request.on('error', () => undefined);
  });
  // A failure may occur after the reader has stopped; then nothing handles it.
  guarded.on('error', () => undefined);
  watch();
  request.pipe(guarded);
  if (request.destroyed) cut();
  return guarded;
}

/** Stops reading a body and removes its guards. */
export function abandonBody(request: IncomingMessage): void {
  const guarded = guards.get(request);
  if (guarded === undefined) return;
  request.unpipe(guarded);
  guarded.destroy();
}
