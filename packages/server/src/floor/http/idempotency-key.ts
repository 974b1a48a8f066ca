/** The header with which a request may be repeated. */
import { Problem } from '@lazaret/protocol';

import { httpLimits } from './limits.ts';

/** Throws invalid_request for an invalid key. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]+$/.test(header)) {
    if (header.length <= httpLimits.idempotencyKeyChars) return header;
  }
  throw new Problem(
    'invalid_request',
    `expected an Idempotency-Key of up to ${httpLimits.idempotencyKeyChars} visible ASCII characters`,
  );
}
