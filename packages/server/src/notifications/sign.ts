/** Signatures of webhooks; pure. */
import { createHmac } from 'node:crypto';

const standardPrefix = 'whsec_';

/**
 * The headers of Standard Webhooks, which sign id, time and body with each secret, and the
 * signature of the body alone with the first secret, as GitHub sends it.
 */
export function signatureHeaders(
  secrets: readonly string[],
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): Record<string, string> {
  const { id, seconds, body } = message;
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(seconds) };
  const [first] = secrets;
  if (first === undefined) return headers;
  const signed = `${id}.${seconds}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`,
  );
  const plain = createHmac('sha256', keyOf(first)).update(body).digest('hex');
  return {
    ...headers,
    'webhook-signature': signatures.join(' '),
    'x-hub-signature-256': `sha256=${plain}`,
  };
}

/** `whsec_` marks a key in base64; anything else is the key itself. */
function keyOf(secret: string): Buffer {
  return secret.startsWith(standardPrefix)
    ? Buffer.from(secret.slice(standardPrefix.length), 'base64')
    : Buffer.from(secret, 'utf8');
}
