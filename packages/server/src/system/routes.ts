/** HTTP: health, version, configuration, the description of the API. */
import {
  buildOpenApi,
  Problem,
  system,
  type Health,
  type OperationOutput,
} from '@lazaret/protocol';

import { route, type Route } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { shareAnswer } from '../floor/share-answer.ts';
import { checkLive, checkReady, type HealthParts } from './check-health.ts';
import { listMissing } from './list-missing.ts';
import { readOverview } from './read-overview.ts';

export interface SystemRoutesOptions extends HealthParts {
  readonly version: string;
  readonly startedAt: Date;
  /** The effective options, secrets masked. */
  readonly configuration: () => OperationOutput<typeof system.configuration>['options'];
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** The routes of the instance itself. */
export function systemRoutes(options: SystemRoutesOptions): Route[] {
  const { version, nowMs } = options;
  const ready = shareAnswer(() => checkReady(options), {
    maxAgeMs: serverLimits.readinessShareMs,
    nowMs,
  });
  const openApi = buildOpenApi(version);
  return [
    route(system.live, () => requireHealth(checkLive(options))),
    route(system.ready, async () => requireHealth(await ready())),
    route(system.show, async (_, { principal }) => {
      const health = await ready();
      const missing = await listMissing(options.slices(), health);
      return {
        version,
        roles: [...options.roles],
        startedAt: options.startedAt.toISOString(),
        missing,
        ...(await readOverview(options.slices(), { principal, health })),
      };
    }),
    route(system.configuration, () => ({ options: options.configuration() })),
    route(system.openapi, () => openApi),
  ];
}

/** An unhealthy state is an error for a probe, and names every failed component. */
function requireHealth(health: Health): Health {
  if (health.ok) return health;
  const wrong = health.components.filter(({ ok }) => !ok);
  const detail = wrong.map((part) => `${part.name}: ${part.detail}`).join('; ');
  throw new Problem('unavailable', detail, {
    fields: wrong.map((part) => ({ path: part.name, message: part.detail })),
  });
}
