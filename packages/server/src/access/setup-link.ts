/** The link for the first administrator, requested over the API. */
import { Problem } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { Principal } from '../floor/principal.ts';
import type { Access } from './access.ts';
import { checkCoversGrants } from './covers.ts';
import type { OneTimeLink } from './links.ts';

/** For callers who are administrators themselves, such as the local token of the server. */
export async function makeSetupLink(
  access: Pick<Access, 'parts' | 'ensureSetupLink'>,
  principal: Principal,
): Promise<Omit<OneTimeLink, 'link'>> {
  checkCoversGrants(principal, [{ role: 'administrator', project: null }]);
  const made = await access.ensureSetupLink();
  if (made === undefined) {
    throw new Problem('conflict', 'an administrator exists; create a link for a user instead');
  }
  const { url, expiresAt } = made;
  const { database } = access.parts;
  const details = { subject: 'setup', actor: principal.name, data: { expiresAt } };
  await transaction(database, (within) =>
    appendEvents(within, [{ type: 'user.link', ...details }]),
  );
  access.parts.onEvents();
  return { url, expiresAt };
}
