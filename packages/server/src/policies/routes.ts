/** HTTP of policies, exceptions and decisions. */
import { operations } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { route, type Route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import { listDecisions, readDecision } from './read-decisions.ts';

export interface PolicyRouteParts {
  readonly database: Kysely<Database>;
}

export function policyRoutes(parts: PolicyRouteParts): Route[] {
  return decisionRoutes(parts);
}

function decisionRoutes({ database }: PolicyRouteParts): Route[] {
  const { decisions } = operations;
  return [
    route(decisions.list, ({ query }, { principal }) =>
      listDecisions(database, projectsWith(principal, 'policies.read'), query),
    ),
    route(decisions.show, ({ params }, { principal }) =>
      readDecision(database, projectsWith(principal, 'policies.read'), params.id),
    ),
  ];
}
