/** Writes responses: downloads with ranges, event streams, text. */
import { once } from 'node:events';
import { Readable } from 'node:stream';

import { formatEvent, limits, Problem } from '@lazaret/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { httpLimits } from './limits.ts';
import { hasTag } from './preconditions.ts';
import type { Download, OutgoingEvent } from './route.ts';

/** Sends bytes as an attachment; supports If-Match, If-None-Match and single ranges. */
export async function sendDownload(
  request: FastifyRequest,
  reply: FastifyReply,
  download: Download,
): Promise<void> {
  const etag = download.etag === undefined ? undefined : `"${download.etag}"`;
  reply
    .type('application/octet-stream')
    .header('content-disposition', contentDisposition(download.name))
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('cache-control', 'private, no-cache');
  if (etag !== undefined) reply.header('etag', etag).header('accept-ranges', 'bytes');
  if (isUnchanged(request, etag)) {
    await reply.code(304).send();
    return;
  }
  const size = download.sizeBytes;
  const range = requestedRange(request, etag, size);
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  }
  const length = range === undefined ? size : range.end - range.start + 1;
  if (length !== undefined) reply.header('content-length', String(length));
  // Without a stream the framework would set the length to 0.
  if (request.method === 'HEAD') await reply.send(Readable.from([]));
  else await reply.send(await download.open(range));
}

/**
 * Whether the client already has this version. Throws `precondition_failed` when it requested
 * another one. Source: RFC 9110, section 13.
 */
function isUnchanged(request: FastifyRequest, etag: string | undefined): boolean {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  const isOther = etag === undefined || !hasTag(ifMatch, etag, 'strong');
  if (ifMatch !== undefined && ifMatch !== '*' && isOther) {
    throw new Problem('precondition_failed', `If-Match: the ETag is ${etag ?? 'not available'}`);
  }
  return etag !== undefined && hasTag(ifNoneMatch, etag, 'weak');
}

/** Without a validator, parts of two versions could be mixed: then ranges are not supported. */
function requestedRange(
  { headers }: FastifyRequest,
  etag: string | undefined,
  sizeBytes: number | undefined,
): { start: number; end: number } | undefined {
  if (etag === undefined || sizeBytes === undefined) return undefined;
  return (headers['if-range'] ?? etag) === etag ? parseRange(headers.range, sizeBytes) : undefined;
}

/**
 * RFC 6266 with RFC 8187: an ASCII fallback and the real name, each of a length that headers may
 * have.
 */
function contentDisposition(given: string): string {
  const name = shorten(given.toWellFormed(), limits.fileNameBytes);
  const fallback = name.replaceAll(/[^\x20-\x7e]|["\\%;]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${fallback}"; filename*=UTF-8''${encoded}`;
}

/** The characters that fit into this many bytes of UTF-8. */
function shorten(name: string, maxBytes: number): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= maxBytes) return name;
  return bytes
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\u{fffd}+$/u, '');
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start > end || start >= size) {
    throw new Problem('range_not_satisfiable', `expected a range inside ${size} bytes`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return { start, end };
}

/** Sends events until the source ends or the client disconnects; periodic comments keep it open. */
export async function sendEvents(
  reply: FastifyReply,
  source: AsyncIterable<OutgoingEvent>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  // The first step runs before the headers are sent, so that its problem is still a response.
  let step = iterator.next();
  const early = await Promise.race([step, quiet(250)]);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write(': connected\n\n');
  const heartbeat = setInterval(() => {
    // Nothing more is buffered for a client that does not read.
    if (!raw.writableNeedDrain) raw.write(': alive\n\n');
  }, httpLimits.streamHeartbeatMs);
  try {
    for (let result = early ?? (await step); ; step = iterator.next(), result = await step) {
      if (result.done === true || signal.aborted) return;
      const { event, data, id } = result.value;
      if (!raw.write(formatEvent(event, data, id))) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    await iterator.return?.();
    raw.end();
  }
}

async function quiet(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return undefined;
}

export function sendText(reply: FastifyReply, text: string | AsyncIterable<string>): FastifyReply {
  reply.type('text/plain; charset=utf-8');
  return reply.send(typeof text === 'string' ? text : Readable.from(text));
}
