/** HTTP of scripts: their configuration, their runs, and what they found. */
import { hostname } from 'node:os';

import { operations, Problem, scriptName, type ScriptRunDetail } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { checkCursor, route, type CallContext, type Route } from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import { projectsWith, requirePermission } from '../floor/principal.ts';
import type { SliceContext } from '../floor/slice.ts';
import { findImage, listStoredImages, type ImageKey } from '../inspection/index.ts';
import { enableScript, putScript, readRequest, removeScript } from './change-script.ts';
import { requestRuns } from './plan-runs.ts';
import { listDisagreements, listRuns, readRun } from './read-runs.ts';
import { readStatus, setPaused } from './runner-state.ts';
import { listScripts, readScript } from './store.ts';

export interface ScriptRouteParts extends Pick<
  SliceContext,
  'database' | 'onEvents' | 'changed' | 'wake'
> {
  readonly database: Kysely<Database>;
  /** Whether scripts run at all. */
  readonly enabled: boolean;
}

const { scripts } = operations;

export function scriptRoutes(parts: ScriptRouteParts): Route[] {
  return [...configurationRoutes(parts), ...runnerRoutes(parts), ...imageRoutes(parts)];
}

function configurationRoutes({ database, onEvents, wake }: ScriptRouteParts): Route[] {
  const changed = (): void => {
    onEvents();
    wake('worker');
  };
  return [
    route(scripts.list, ({ query }) => {
      checkCursor(query.cursor, scriptName);
      return listScripts(database, { limit: query.limit, after: query.cursor });
    }),
    route(scripts.add, async ({ body }, { principal }) => {
      await putScript(database, readRequest(body), principal.name);
      changed();
      return readScript(database, body.name);
    }),
    route(scripts.show, ({ params }) => readScript(database, params.name)),
    route(scripts.update, async ({ params, body }, { principal }) => {
      const { name } = params;
      await enableScript(database, { name, enabled: body.enabled, actor: principal.name });
      changed();
      return readScript(database, name);
    }),
    route(scripts.remove, async ({ params }, { principal }) => {
      await removeScript(database, { name: params.name, actor: principal.name, from: 'api' });
      changed();
    }),
  ];
}

function runnerRoutes({ database, enabled, onEvents, wake }: ScriptRouteParts): Route[] {
  const set = async (paused: boolean, { principal }: CallContext) => {
    await setPaused(database, { paused, actor: principal.name, host: hostname() });
    onEvents();
    wake('worker');
    return readStatus(database, enabled);
  };
  return [
    route(scripts.status, () => readStatus(database, enabled)),
    route(scripts.pause, (_, context) => set(true, context)),
    route(scripts.resume, (_, context) => set(false, context)),
  ];
}

function imageRoutes(parts: ScriptRouteParts): Route[] {
  const { database, changed } = parts;
  const find = ({ principal }: CallContext, key: ImageKey) =>
    findImage(database, projectsWith(principal, 'images.read'), key);
  return [
    route(scripts.run, ({ params, body }, context) => runScripts(parts, context, { params, body })),
    route(scripts.results, async ({ params, query }, context) => {
      const image = await find(context, { ...params, project: query.project });
      return listRuns(database, image, query);
    }),
    route(scripts.result, ({ params, query }, { principal, signal }) =>
      longPoll({
        read: () => readRun(database, projectsWith(principal, 'images.read'), params.id),
        isSettled: ({ state }: ScriptRunDetail) => state === 'finished',
        changed: (until) => changed(params.id, until),
        ...{ waitMs: query.waitSeconds * 1_000, signal },
      }),
    ),
    route(scripts.disagreements, async ({ params, query }, context) => {
      const image = await find(context, { ...params, project: query.project });
      return listDisagreements(database, image, query);
    }),
  ];
}

interface RunCall {
  readonly params: { readonly digest: string };
  readonly body: {
    readonly scripts: readonly string[];
    readonly project?: string | undefined;
    readonly fresh: boolean;
  };
}

async function runScripts(
  { database, enabled, onEvents, wake }: ScriptRouteParts,
  { principal }: CallContext,
  { params, body }: RunCall,
) {
  if (!enabled) throw new Problem('scripts_disabled', 'the option `scripts` does not enable them');
  const { scripts: names, project, fresh } = body;
  const scope = projectsWith(principal, 'images.read');
  const { id, project: owner } = await findImage(database, scope, { ...params, project });
  requirePermission(principal, 'scripts.run', owner);
  const [image] = await listStoredImages(database, { before: id + 1, limit: 1 });
  if (image?.id !== id) throw new Problem('not_found', `there is no image ${params.digest}`);
  const items = await requestRuns(database, { image, names, fresh, actor: principal.name });
  onEvents();
  wake('worker');
  return { items };
}
