/** Serves blobs, whole and in ranges, with injected faults of their bodies. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FaultSwitches } from './registry-faults.ts';

export interface BlobAnswerOptions {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly faults: FaultSwitches;
  /** Delay between the bytes of a slow body. */
  readonly dripMs: number;
  /** Called when the token expires in the middle of a body. */
  readonly onExpiry: () => void;
}

export async function serveBlob(
  request: IncomingMessage,
  response: ServerResponse,
  options: BlobAnswerOptions,
): Promise<void> {
  const { digest, faults } = options;
  const bytes = distort(options.bytes, faults);
  response.setHeader('docker-content-digest', digest);
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('etag', `"${digest}"`);
  if (request.method === 'HEAD') {
    response.setHeader('content-length', bytes.length);
    response.end();
    return;
  }
  const body = chooseRange(request, response, { bytes, faults });
  if (body === undefined) return;
  if (faults.happens('short-body')) {
    // Without Content-Length the last chunk looks like the end of the blob.
    response.write(body.subarray(0, body.length >> 1));
    response.end();
    return;
  }
  response.setHeader('content-length', body.length);
  await sendBody(response, body, options);
}

function distort(bytes: Buffer, faults: FaultSwitches): Buffer {
  if (faults.happens('wrong-length')) return bytes.subarray(0, Math.max(0, bytes.length - 10));
  if (!faults.happens('digest-mismatch')) return bytes;
  const other = Buffer.from(bytes);
  const at = other.length >> 1;
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

interface RangeParts {
  readonly bytes: Buffer;
  readonly faults: FaultSwitches;
}

/** Undefined when the response was completed without a body. */
function chooseRange(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, faults }: RangeParts,
): Buffer | undefined {
  const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined || faults.happens('no-range')) return bytes;
  const from = Number(first) + (faults.happens('other-range') ? 1 : 0);
  if (from >= bytes.length || faults.happens('refused-range')) {
    response.setHeader('content-range', `bytes */${bytes.length}`);
    response.writeHead(416).end();
    return undefined;
  }
  response.statusCode = 206;
  response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
  return bytes.subarray(from);
}

async function sendBody(
  response: ServerResponse,
  body: Buffer,
  { digest, faults, dripMs, onExpiry }: BlobAnswerOptions,
): Promise<void> {
  const half = body.length >> 1;
  const sendHalf = (): Promise<void> =>
    new Promise((resolve) => response.write(body.subarray(0, half), () => resolve()));
  if (faults.happens('truncated-body', digest)) {
    await sendHalf();
    response.destroy();
  } else if (faults.happens('token-expiry', digest)) {
    await sendHalf();
    onExpiry();
    response.destroy();
  } else if (faults.happens('stalled-body', digest)) {
    await sendHalf();
  } else if (faults.happens('slow-body', digest)) {
    await sendHalf();
    for (let at = half; at < body.length && !response.destroyed; at += 1) {
      response.write(body.subarray(at, at + 1));
      await sleep(dripMs);
    }
    response.end();
  } else response.end(body);
}
