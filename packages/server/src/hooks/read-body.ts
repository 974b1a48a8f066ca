/** Reading of the body of a notification: whole, bounded, and within some seconds. */
import type { Readable } from 'node:stream';

import { Problem } from '@lazaret/protocol';

import { hookLimits } from './limits.ts';

/** Bytes of all bodies that this process is receiving. */
export class BodyBudget {
  readonly #totalBytes: number;
  #bytes = 0;

  constructor(totalBytes: number = hookLimits.bodiesBytes) {
    this.#totalBytes = totalBytes;
  }

  /** Throws `payload_too_large`, `upload_timeout`, or `too_many_requests` with Retry-After. */
  async read(stream: Readable, declaredBytes: number | undefined): Promise<Buffer> {
    const { bodyBytes, bodyMs } = hookLimits;
    if ((declaredBytes ?? 0) > bodyBytes) throw tooLarge();
    const late = setTimeout(() => {
      stream.destroy(
        new Problem('upload_timeout', `the body did not arrive within ${bodyMs / 1000} s`),
      );
    }, bodyMs);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of stream) {
        const { length } = chunk as Buffer;
        size += length;
        this.#bytes += length;
        if (size > bodyBytes) throw tooLarge();
        if (this.#bytes > this.#totalBytes) throw tooMany();
        chunks.push(chunk as Buffer);
      }
    } finally {
      clearTimeout(late);
      this.#bytes -= size;
    }
    return Buffer.concat(chunks);
  }
}

function tooLarge(): Problem {
  return new Problem('payload_too_large', `expected at most ${hookLimits.bodyBytes} bytes`);
}

function tooMany(): Problem {
  return new Problem('too_many_requests', 'too many notifications are being received at once', {
    headers: { 'retry-after': '1' },
  });
}
