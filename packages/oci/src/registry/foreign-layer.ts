/**
 * Foreign layers, which have their own URLs: fetched without credentials, from allowed hosts only.
 */

import { ociLimits } from '../limits.ts';
import { TransientError } from '../source-error.ts';
import type { Descriptor } from '../image/manifest.ts';

import { type Clock, waitFor } from './http/clock.ts';

import { plainUrl, refusal, Secrets } from './http/failure.ts';
import { openBlob } from './open-blob.ts';

import { readBeginning } from './http/read-body.ts';

import { backoffMs, isTransientStatus, retryAfterMs } from './http/retry.ts';

import type { Transport } from './http/transport.ts';

export interface ForeignOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly idleMs?: number | undefined;
  readonly random?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The host must be allowed by name and have a public address (or be listed as private). Redirects
 * are not followed, since they may lead anywhere.
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
        if (!isTransientStatus(answer.status)) return { ...answer, redirected: false };
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
        if (afterMs > ociLimits.registryPauseMsMax) throw error;
        await waitFor(clock, Math.max(afterMs, backoffMs(attempt, random)), joined);
      },
      async refuse(answer) {
        const body = await readBeginning(answer.body, ociLimits.registryErrorBytes);
        return refusal({ status: answer.status, what, body }, secrets);
      },
    },
  });
}
