/** The header with which a request may be repeated. */
import { idempotencyKey, Problem } from '@lazaret/protocol';

/** Throws invalid_request for an invalid key. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const { success, data, error } = idempotencyKey.safeParse(header);
  if (success) return data;
  const message = error.issues[0]?.message ?? '';
  throw new Problem('invalid_request', `header Idempotency-Key: ${message}`, {
    fields: [{ path: 'header.Idempotency-Key', message }],
  });
}
