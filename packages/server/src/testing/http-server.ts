/** A real HTTP server with the routes of one slice; other operations return an internal error. */
import { operationList } from '@lazaret/protocol';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';

import { createHttpServer, route, type Route } from '../floor/http/index.ts';
import type { Principal } from '../floor/principal.ts';

export interface TestHttpServer {
  readonly app: FastifyInstance;
  readonly url: string;
  /** Principals by bearer token. Tests change it. */
  readonly principals: Map<string, Principal>;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback. Call `close` at the end; `extend` adds plain routes. */
export async function startTestHttp(
  routes: readonly Route[],
  principals: Map<string, Principal> = new Map(),
  extend: (app: FastifyInstance) => void = () => undefined,
): Promise<TestHttpServer> {
  const given = new Set(routes.map((one) => one.operation.name));
  const others = operationList
    .filter((operation) => !given.has(operation.name))
    .map((operation) =>
      route(operation, () => {
        throw new Error(`${operation.name} is not part of this test`);
      }),
    );
  const app = await createHttpServer({
    routes: [...routes, ...others],
    log: pino({ level: 'silent' }),
    authenticate: async ({ headers }) => principalOf(principals, headers),
    onDenied: () => undefined,
    onAnswer: () => undefined,
    requestsPerMinute: 100_000,
    uploadIdleMs: 1_000,
    streamRecheckMs: 100,
    trustedProxies: [],
  });
  extend(app);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, url, principals, close: () => app.close() };
}

/** The principal of the bearer token in the headers. */
export function principalOf(
  principals: ReadonlyMap<string, Principal>,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Principal | undefined {
  return principals.get(String(headers['authorization']).replace('Bearer ', ''));
}

/** A principal with these grants. */
export function testPrincipal(name: string, grants: Principal['grants']): Principal {
  return {
    kind: 'token',
    name,
    displayName: name,
    grants,
    onlyPermissions: null,
    onlyProject: null,
    csrf: null,
  };
}
