/** Unavailable components, the reasons, and what to do. */
import type { Health } from '@lazaret/protocol';

import type { MissingPart, Slice } from '../floor/slice.ts';

/** From the health of the components, and from reports of the slices. */
export async function listMissing(
  slices: readonly Slice[],
  health: Health,
): Promise<MissingPart[]> {
  const components = health.components
    .filter(({ ok, name }) => !ok && name !== 'nodes')
    .map(({ name, detail }) => ({ part: name, detail, advice: adviceFor(name) }));
  // Without the database the slices cannot respond.
  if (components.some(({ part }) => part === 'database')) return components;
  const reported = await Promise.all(slices.map(async ({ health: own }) => own?.missing?.() ?? []));
  return [...components, ...reported.flat()];
}

function adviceFor(component: string): string {
  if (component === 'database') {
    return 'An embedded database restarts by itself; otherwise check DATABASE_URL and the log.';
  }
  if (component === 'blobs') {
    return 'Check the free disk space and the owner of the data directory.';
  }
  return 'Restart Lazaret, and report the log from before the restart.';
}
