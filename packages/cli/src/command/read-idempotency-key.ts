/** The key of `--idempotency-key`, which the server would refuse only after an upload. */
import { idempotencyKey } from '@lazaret/protocol';

import { flagText, type Flags } from './command.ts';
import { usageFailure } from '../failure.ts';

/** Throws a usage failure for a key that the server does not accept. */
export function readIdempotencyKey(flags: Flags): string | undefined {
  const key = flagText(flags, 'idempotencyKey');
  if (key === undefined) return undefined;
  const { error } = idempotencyKey.safeParse(key);
  if (error === undefined) return key;
  const received = `received ${key.length} characters: ${JSON.stringify(key.slice(0, 40))}`;
  throw usageFailure(`--idempotency-key: ${error.issues[0]?.message}, ${received}`);
}
