/** What waits for a person, from the slices. */
import type { Health, Overview } from '@lazaret/protocol';

import type { Principal } from '../floor/principal.ts';
import type { Slice } from '../floor/slice.ts';

/** In the projects of the caller. */
export async function readOverview(
  slices: readonly Slice[],
  { principal, health }: { readonly principal: Principal; readonly health: Health },
): Promise<Overview> {
  const nothing: Overview = { quarantine: null, reinspection: null };
  // without the database the slices cannot respond
  if (health.components.some(({ ok, name }) => !ok && name === 'database')) return nothing;
  const parts = await Promise.all(slices.map(async ({ overview }) => overview?.(principal)));
  return Object.assign(nothing, ...parts) as Overview;
}
