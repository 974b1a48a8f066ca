/**
 * Cursors of pages: each list has its own format, and all invalid ones are refused in the same way.
 */
import { identifier, Problem } from '@lazaret/protocol';

/** For a cursor that is not of this list. */
export function invalidCursor(
  message: string = 'expected the value of `next` of the previous page',
): Problem {
  return new Problem('invalid_request', `query.cursor: ${message}`, {
    fields: [{ path: 'query.cursor', message }],
  });
}

/** Of lists ordered by a name or an id: the last one of the previous page. */
export function checkCursor(
  cursor: string | undefined,
  schema: { safeParse(value: unknown): { readonly success: boolean } } = identifier,
): void {
  if (cursor !== undefined && !schema.safeParse(cursor).success) throw invalidCursor();
}
