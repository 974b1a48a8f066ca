/** The header with which a request may be repeated. */
import { Problem } from '@lazaret/protocol';

import { httpLimits } from './limits.ts';

/** Throws invalid_request for an invalid key. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]+$/.test(header)) {
    if (header.length <= httpLimits.idempotencyKeyChars) return header;
  }
  const message = `expected up to ${httpLimits.idempotencyKeyChars} visible ASCII characters`;
  throw new Problem('invalid_request', `header Idempotency-Key: ${message}`, {
    fields: [{ path: 'header.Idempotency-Key', message }],
  });
}
