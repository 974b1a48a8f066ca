/** HTTP: engines. */
import { engineName, engines as rows } from '@lazaret/protocol';

import { checkCursor, route, type Route } from '../floor/http/index.ts';
import { rollBack, setEnabled } from './change-engine.ts';
import type { Engines } from './engines.ts';
import { listEngines, readEngine } from './store.ts';

/** The routes of engines. */
export function engineRoutes(engines: Engines): Route[] {
  const { database } = engines;
  return [
    route(rows.list, async ({ query }) => {
      const { limit, cursor, enabled } = query;
      const page = await listEngines(database, { limit, after: readCursor(cursor), enabled });
      return { ...page, refused: [...engines.refused] };
    }),
    route(rows.show, ({ params }) => readEngine(database, params.name)),
    route(rows.validate, ({ body }) => {
      engines.validate(body.manifest);
      return body.manifest;
    }),
    route(rows.add, async ({ body }, { principal }) => {
      await engines.add(body.manifest, principal.name);
      return readEngine(database, body.manifest.name);
    }),
    route(rows.update, async ({ params, body }, { principal }) => {
      const { name } = params;
      await setEnabled(database, { name, actor: principal.name, enabled: body.enabled });
      engines.announce();
      return readEngine(database, name);
    }),
    route(rows.rollback, async ({ params, body }, { principal }) => {
      const { name } = params;
      await rollBack(database, { name, actor: principal.name, revision: body.revision });
      engines.announce();
      return readEngine(database, name);
    }),
    route(rows.remove, ({ params }, { principal }) => engines.remove(params.name, principal.name)),
    route(rows.import, ({ body }, { principal }) =>
      engines.importLegacy(body.engines, principal.name),
    ),
  ];
}

/** The cursor is the last name of the page before. */
function readCursor(cursor: string | undefined): string | undefined {
  checkCursor(cursor, engineName);
  return cursor;
}
