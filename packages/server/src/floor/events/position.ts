/**
 * The position of a reader of the outbox: after the event of this transaction and id. Readers order
 * by transaction first, because ids are assigned before the commit and so become visible out of
 * order.
 */
import { Problem } from '@lazaret/protocol';

export interface Position {
  readonly transaction: bigint;
  readonly id: bigint;
}

const transactionMax = 2n ** 64n - 1n;
const idMax = 2n ** 63n - 1n;

export const beginning: Position = { transaction: 0n, id: 0n };

/** The opaque text that clients send back. */
export function formatCursor({ transaction, id }: Position): string {
  return `${transaction.toString(36)}.${id.toString(36)}`;
}

/** Throws `invalid_request` for an invalid cursor. */
export function parseCursor(text: string): Position {
  const match = /^([0-9a-z]{1,13})\.([0-9a-z]{1,13})$/.exec(text);
  const transaction = parseBase36(match?.[1] ?? '');
  const id = parseBase36(match?.[2] ?? '');
  if (match === null || transaction > transactionMax || id > idMax) {
    throw new Problem(
      'invalid_request',
      'expected the id of an event of this stream; omit it to start from now',
      { fields: [{ path: 'query.after', message: 'expected the id of an event' }] },
    );
  }
  return { transaction, id };
}

function parseBase36(text: string): bigint {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}

/** Whether `a` is after `b`. */
export function isAfter(a: Position, b: Position): boolean {
  return a.transaction === b.transaction ? a.id > b.id : a.transaction > b.transaction;
}
