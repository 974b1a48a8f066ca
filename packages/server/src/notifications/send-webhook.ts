/**
 * Webhooks: one POST for each event, signed. Redirects are not followed, answers are read up to a
 * limit, and the connection is made to the address that was checked.
 */
import { createTransport, retryAfterMs, type Answer, type Transport } from '@lazaret/oci/registry';

import { formatMessage } from './format-message.ts';
import { notificationLimits } from './limits.ts';
import type { Message } from './message.ts';
import { readAuthorities, readTargetSecret } from './secrets.ts';
import {
  describeFailure,
  toReason,
  type Sender,
  type SendParts,
  type SendResult,
} from './sender.ts';
import { signatureHeaders } from './sign.ts';
import type { Target } from './target-store.ts';

export function openWebhook(target: Target, parts: SendParts): Sender {
  const url = new URL(target.settings.url);
  let transport: Transport | undefined;
  return {
    async send([message], signal) {
      if (message === undefined) throw new Error('a webhook sends one message');
      const ended = AbortSignal.any([signal, AbortSignal.timeout(notificationLimits.attemptMs)]);
      try {
        transport ??= await openTransport(target, parts);
        const request = await describeRequest(target, parts, message);
        const trusted = target.settings.allowPrivate;
        const answer = await transport.exchange(url, {
          ...{ ...request, method: 'POST', trusted, signal: ended },
        });
        return await describeAnswer(answer, parts.now());
      } catch (error) {
        signal.throwIfAborted();
        return describeFailure(error, url.host);
      }
    },
    close: async () => transport?.close(),
  };
}

async function openTransport(target: Target, { places, lookup }: SendParts): Promise<Transport> {
  return createTransport({
    ca: await readAuthorities(target, places),
    idleMs: notificationLimits.attemptMs,
    ...(lookup !== undefined && { lookup }),
  });
}

async function describeRequest(
  target: Target,
  { places, publicUrl, now }: SendParts,
  message: Message,
): Promise<{ readonly headers: Record<string, string>; readonly body: string }> {
  const { format, secrets: references, authorization } = target.settings;
  const { contentType, text: body } = formatMessage(format, message, publicUrl);
  const secrets: string[] = [];
  for (const reference of references) {
    secrets.push(await readTargetSecret(reference, target, places));
  }
  const seconds = Math.floor(now() / 1_000);
  const headers = {
    'content-type': contentType,
    ...signatureHeaders(secrets, { id: message.id, seconds, body }),
    ...(authorization !== '' && {
      authorization: await readTargetSecret(authorization, target, places),
    }),
  };
  return { headers, body };
}

const gone = 410;
/** What is wrong with the message, so that sending it again does not help. */
const rejections: ReadonlySet<number> = new Set([400, 411, 413, 414, 415, 422, 431]);

async function describeAnswer(answer: Answer, nowMs: number): Promise<SendResult> {
  const { status } = answer;
  const text = await readStart(answer);
  if (status >= 200 && status < 300) {
    return { outcome: 'delivered', status, detail: `answered ${status}` };
  }
  const [location] = answer.header('location');
  const isRedirect = status >= 300 && status < 400 && location !== undefined;
  const said = isRedirect ? `a redirect to ${location}, which is not followed` : text;
  const detail = toReason(said === '' ? `answered ${status}` : `answered ${status}: ${said}`);
  if (status === gone) return { outcome: 'gone', status, detail };
  if (rejections.has(status)) return { outcome: 'rejected', status, detail };
  const afterMs = retryAfterMs(answer.header('retry-after')[0], nowMs);
  return { outcome: 'failed', status, detail, afterMs };
}

/** The start of the body; one that ends too early does not change what the status says. */
async function readStart(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= notificationLimits.answerBytes) break;
    }
  } catch {
    // The connection was lost, or the time is over.
  }
  answer.drop();
  return Buffer.concat(chunks).subarray(0, notificationLimits.answerBytes).toString('utf8');
}
