/** HTTP of nodes. */
import { operations } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { route, type Route } from '../floor/http/index.ts';
import { listNodes, readNode, setSchedulable } from './registry.ts';

export function nodeRoutes(parts: {
  readonly database: Kysely<Database>;
  /** Called after a node was cordoned or uncordoned. */
  readonly onChange: () => void;
}): Route[] {
  const { database } = parts;
  const { nodes } = operations;
  return [
    route(nodes.list, ({ query }) => listNodes(database, query)),
    route(nodes.show, ({ params }) => readNode(database, params.name)),
    route(nodes.update, async ({ params, body }, { principal }) => {
      await readNode(database, params.name);
      const { schedulable } = body;
      const node = await setSchedulable(database, {
        name: params.name,
        schedulable,
        actor: principal.name,
      });
      parts.onChange();
      return node;
    }),
  ];
}
