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
    const review = parseReview(await readBody(request));
    const waitMs = this.#waitMs(url.searchParams.get('timeout'));
    const answer = await reviewWorkload(this.#parts, review, { waitMs, signal });
    this.#parts.counters.add(answer.allowed ? 'admitted' : 'rejected');
    const headers = { 'content-type': 'application/json' };
    send({ response, isHead: false }, { headers, body: formatReview(review.uid, answer) });
  }

  /** The API server says in `?timeout=10s` how long it waits. */
  #waitMs(timeout: string | null): number {
    const { admissionWaitMs } = this.#parts.settings;
    const seconds = Number(/^(\d{1,3})s$/.exec(timeout ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(seconds)) return admissionWaitMs;
    return Math.max(0, Math.min(admissionWaitMs, seconds * 1_000 - gateLimits.reviewMarginMs));
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
