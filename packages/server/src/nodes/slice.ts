/** The slice of nodes: routes, and whether any node is online. */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { serverLimits } from '../floor/limits.ts';
import { Unhealthy, type MissingPart, type Slice, type SliceContext } from '../floor/slice.ts';
import { listOffline, readStates } from './registry.ts';
import { nodeRoutes } from './routes.ts';

export function nodesSlice({ database, wake }: Pick<SliceContext, 'database' | 'wake'>): Slice {
  return {
    name: 'nodes',
    routes: nodeRoutes({ database, onChange: () => wake('scheduler', 'worker') }),
    health: {
      // An instance that only serves the API stays ready without Docker: it still accepts jobs and
      // shows results.
      checks: [{ name: 'nodes', neededBy: 'worker', check: () => countOnline(database) }],
      missing: () => listMissing(database),
    },
  };
}

async function countOnline(database: Kysely<Database>): Promise<string> {
  const states = await readStates(database);
  const online = states.filter((state) => state === 'online').length;
  if (online === 0) throw new Unhealthy(`none of ${states.length} nodes is online`);
  return `${online} of ${states.length} online`;
}

async function listMissing(database: Kysely<Database>): Promise<MissingPart[]> {
  const nodes = await listOffline(database, serverLimits.missingPartsListed);
  return nodes.map(({ name, endpoint, state, problem }) => ({
    part: `node ${name}`,
    detail: problem ?? `${state}; no container engine has answered yet`,
    advice: endpoint.startsWith('unix:')
      ? 'Start Docker. If it is not installed, `npm start` as root installs it on Debian and ' +
        'Ubuntu; elsewhere follow docs.docker.com/engine/install. This user needs access to its socket.'
      : `Start the container engine at ${hostOf(endpoint)}, or correct the node in the configuration.`,
  }));
}

/** Without the user and password that an address may contain. */
function hostOf(endpoint: string): string {
  return URL.parse(endpoint)?.host ?? 'its endpoint';
}
