/**
 * The validating admission webhook for Kubernetes. The API server sends no credentials to webhooks
 * by default, so that the token may also be the last part of the path; it must not be logged.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { SourceError } from '@lazaret/oci';

import type { ClientAuthentication } from '../authenticate-client.ts';
import { send, sendError, watchClient } from '../call.ts';
import { GateError } from '../gate-error.ts';
import { gateLimits } from '../limits.ts';
import { formatReview, parseReview } from './review.ts';
import { reviewWorkload, type ReviewParts } from './review-workload.ts';

export interface WebhookParts extends ReviewParts {
  readonly clients: ClientAuthentication;
}

export class AdmissionWebhook {
  readonly #parts: WebhookParts;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Never rejects: every failure is answered. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const signal = watchClient(response);
    try {
      await this.#answer(request, { response, url, signal });
    } catch (error) {
      if (signal.aborted) return;
      sendError({ response, isHead: false }, this.#toGateError(error));
    }
  }

  async #answer(
    request: IncomingMessage,
    { response, url, signal }: { response: ServerResponse; url: URL; signal: AbortSignal },
  ): Promise<void> {
    if (request.method !== 'POST') {
      const message = 'expected POST with an AdmissionReview';
      throw new GateError('UNSUPPORTED', message, { headers: { allow: 'POST' } });
    }
    const token = /^\/admission\/([^/]+)$/.exec(url.pathname)?.[1];
    const authorization = token === undefined ? request.headers.authorization : `Bearer ${token}`;
    await this.#parts.clients.authenticate(authorization);
    const { counters, monotonicMs } = this.#parts;
    const started = monotonicMs();
    const review = parseReview(await readBody(request));
    const forMs = readTimeout(url.searchParams.get('timeout')) - gateLimits.reviewMarginMs;
    const { admissionWaitMs } = this.#parts.settings;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, forMs))]);
    const answer = await reviewWorkload(this.#parts, review, {
      ...{ waitMs: Math.max(0, Math.min(admissionWaitMs, forMs)), signal, deadline },
    });
    counters.review(answer.allowed, (monotonicMs() - started) / 1_000);
    const headers = { 'content-type': 'application/json' };
    send({ response, isHead: false }, { headers, body: formatReview(review.uid, answer) });
  }

  #toGateError(error: unknown): GateError {
    const { counters, log } = this.#parts;
    if (error instanceof GateError) {
      if (error.code === 'UNAUTHORIZED') counters.add('unauthorized');
      return error;
    }
    if (error instanceof SourceError) return new GateError('NAME_INVALID', error.message);
    log.error({ err: error }, 'a review failed');
    return new GateError('UNKNOWN', 'internal error of the gate; its log has the reason');
  }
}

/** The API server says in `?timeout=10s` how long it waits. */
function readTimeout(timeout: string | null): number {
  const seconds = /^(\d{1,3})s$/.exec(timeout ?? '')?.[1];
  return seconds === undefined ? gateLimits.reviewMs : Number(seconds) * 1_000;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > gateLimits.reviewBytes) {
      throw new SourceError('too_large', `the body exceeds ${gateLimits.reviewBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
