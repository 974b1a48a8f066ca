/** The response of a bulk transfer, as the transport answers it. */
import type { Writable } from 'node:stream';

import type { RegistryTransport } from '@lazaret/protocol';

import { connectionFailure } from './connection-failure.ts';
import type { BulkTransfer } from './bulk-transfers.ts';
import type { Answer } from './answer.ts';

export interface BulkOrigin {
  readonly url: URL;
  readonly transport: RegistryTransport;
  readonly signal: AbortSignal | undefined;
}

export function bulkAnswer(
  { head, connection, release }: BulkTransfer,
  { url, transport, signal }: BulkOrigin,
): Answer {
  const failure = (error: unknown): unknown => {
    release();
    signal?.throwIfAborted();
    return connectionFailure(error, url, true);
  };
  return {
    status: head.status,
    transport,
    header: (name) => head.headers.get(name) ?? [],
    body: guard(connection.body(signal), { release, failure }),
    async pipe(to: Writable, onBytes) {
      try {
        await connection.pipe(to, { signal, onBytes });
        release();
      } catch (error) {
        throw failure(error);
      }
    },
    drop() {
      connection.destroy();
      release();
    },
  };
}

async function* guard(
  body: AsyncIterable<Uint8Array>,
  { release, failure }: { release: () => void; failure: (error: unknown) => unknown },
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
    release();
  } catch (error) {
    throw failure(error);
  }
}
