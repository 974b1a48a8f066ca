import { Problem } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { readCredentials } from './credentials.ts';
import type { AccessParts, Caller } from './parts.ts';
import { endSession } from './sessions.ts';

/** Ends the session of the caller. A token has none: it is revoked instead. */
export async function signOut(parts: AccessParts, caller: Caller): Promise<void> {
  const credentials = readCredentials(caller.headers);
  if (credentials?.kind !== 'session') {
    throw new Problem('invalid_request', 'an API token has no session to end; revoke it instead');
  }
  const { name } = caller.principal;
  await transaction(parts.database, async (within) => {
    const ended = await endSession(within, credentials.secret);
    if (!ended) return;
    await appendEvents(within, [
      { type: 'session.ended', subject: name, actor: name, data: { address: caller.address } },
    ]);
  });
  parts.onEvents();
}
