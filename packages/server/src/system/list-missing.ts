/** What cannot be used now, why, and how to get it. */
import { limits, type Health, type OperationOutput, type system } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';

export type MissingPart = OperationOutput<typeof system.show>['missing'][number];

/** From the health of the parts, the nodes, and the engines that wait for something. */
export async function listMissing(
  database: Kysely<Database>,
  health: Health,
): Promise<MissingPart[]> {
  const parts = health.components
    .filter(({ ok, name }) => !ok && name !== 'nodes')
    .map(({ name, detail }) => ({ part: name, detail, advice: adviceFor(name) }));
  // Without the database there is nobody to ask about the rest.
  if (parts.some(({ part }) => part === 'database')) return parts;
  return [...parts, ...(await listNodes(database)), ...(await listEngines(database))];
}

function adviceFor(component: string): string {
  if (component === 'database') {
    return 'An embedded database restarts by itself; otherwise look at DATABASE_URL and the log.';
  }
  if (component === 'blobs') return 'Look at the free room and the owner of the data directory.';
  return 'Restart Lazaret, and report the log of the time before.';
}

async function listNodes(database: Kysely<Database>): Promise<MissingPart[]> {
  const nodes = await database
    .selectFrom('nodes')
    .select(['name', 'endpoint', 'state', 'problem'])
    .where('configured', '=', true)
    .where('state', '!=', 'online')
    .orderBy('name')
    .limit(limits.missingPartsListed)
    .execute();
  return nodes.map(({ name, endpoint, state, problem }) => ({
    part: `node ${name}`,
    detail: problem ?? `${state}; no container engine has answered yet`,
    advice: endpoint.startsWith('unix:')
      ? 'Start Docker. Where there is none, `npm start` as root installs it on Debian and Ubuntu; ' +
        'elsewhere follow docs.docker.com/engine/install, and let this user use its socket.'
      : `Start the container engine behind ${hostOf(endpoint)}, or correct the node in the configuration.`,
  }));
}

/** Never a user or password that somebody wrote into an address. */
function hostOf(endpoint: string): string {
  return URL.parse(endpoint)?.host ?? 'its endpoint';
}

async function listEngines(database: Kysely<Database>): Promise<MissingPart[]> {
  const engines = await database
    .selectFrom('engines')
    .select(['name', 'problem'])
    .where('removed_at', 'is', null)
    .where('problem', 'is not', null)
    .orderBy('name')
    .limit(limits.missingPartsListed)
    .execute();
  return engines.map(({ name, problem }) => ({
    part: `engine ${name}`,
    detail: problem ?? '',
    advice: 'Build or load its image on a node; it is taken as soon as it is there.',
  }));
}
