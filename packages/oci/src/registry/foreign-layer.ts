/** Layers that lie at a URL of their own: fetched without credentials, from allowed hosts only. */
import { limits } from '@lazaret/protocol';

import type { Descriptor } from '../manifest.ts';
import { type Clock, waitFor } from './clock.ts';
import { TransientError, plainUrl, refusal, Secrets } from './failure.ts';
import { openBlob } from './open-blob.ts';
import { readBeginning } from './read-body.ts';
import { backoffMs, isPassing, retryAfterMs } from './retry.ts';
import type { Transport } from './transport.ts';

export interface ForeignOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly idleMs?: number | undefined;
  readonly random?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The host is allowed by name and must be at a public address (or listed as private); a redirect is
 * an answer that is not the one wanted, since it may lead anywhere.
 */
export function openForeign(
  url: URL,
  descriptor: Descriptor,
  options: ForeignOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { transport, clock, idleMs, signal, random = Math.random } = options;
  const what = `the foreign layer ${descriptor.digest} at ${plainUrl(url)}`;
  const secrets = new Secrets();
  return openBlob({
    what,
    clock,
    idleMs,
    signal,
    sizeBytes: descriptor.sizeBytes,
    server: {
      async send(headers, joined) {
        const request = { method: 'GET', headers, signal: joined, trusted: false } as const;
        const answer = await transport.exchange(url, request);
        if (!isPassing(answer.status)) return { ...answer, redirected: false };
        answer.drop();
        const { code, message } = refusal(
          { status: answer.status, what, body: Buffer.alloc(0) },
          secrets,
        );
        const afterMs = retryAfterMs(answer.header('retry-after')[0], clock.now());
        throw new TransientError(code, message, { afterMs });
      },
      async pause(error, attempt, joined) {
        const { afterMs = 0 } = error;
        if (afterMs > limits.registryPauseMsMax) throw error;
        await waitFor(clock, Math.max(afterMs, backoffMs(attempt, random)), joined);
      },
      async refuse(answer) {
        const body = await readBeginning(answer.body, limits.registryErrorBytes);
        return refusal({ status: answer.status, what, body }, secrets);
      },
    },
  });
}
