/**
 * A real HTTP server with the routes of the access slice over a test database. Every other
 * operation answers `not_found`, which distinguishes an authorized caller from a refused one.
 */
import type { AddressInfo } from 'node:net';

import {
  buildPath,
  operationList,
  operations,
  Problem,
  type Identity,
  type Operation,
  type OperationCall,
} from '@lazaret/protocol';
import { pino } from 'pino';

import { accessRoutes, createAccess, type Access, type AccessOptions } from '../access/index.ts';
import { accessLimits } from '../access/limits.ts';
import { createHttpServer, route } from '../floor/http/index.ts';
import type { TestDatabase } from './database.ts';

/** A caller: with a session cookie and its CSRF token, with a token, or anonymous. */
export interface Visitor {
  readonly cookie?: string;
  readonly csrf?: string;
  readonly token?: string;
  /** Any other header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The address of the caller, as sent by a trusted proxy. */
  readonly address?: string;
}

export interface Reply<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface AccessServer {
  readonly access: Access;
  readonly url: string;
  send<O extends Operation>(
    operation: O,
    call?: OperationCall<O>,
    visitor?: Visitor,
  ): Promise<Reply<never>>;
  signIn(name: string, password: string, visitor?: Visitor): Promise<Visitor>;
  /** The first administrator, `root`, created with the link. */
  setUp(): Promise<Visitor>;
  close(): Promise<void>;
}

/** So slow that no delay elapses by itself on a busy machine. */
const slowPace = {
  freePerAccount: accessLimits.loginFailuresFree,
  freePerAddress: accessLimits.loginFailuresFreePerAddress,
  backoffMs: 600_000,
  backoffMaxMs: 600_000,
  memoryMs: 3_600_000,
};

export const rootPassword = 'correct horse battery staple';

export async function startAccessServer(
  database: TestDatabase,
  options: Partial<AccessOptions> & {
    readonly logLines?: string[];
    readonly trustedProxies?: readonly string[];
  } = {},
): Promise<AccessServer> {
  const { logLines = [], trustedProxies = ['127.0.0.1'], ...accessOptions } = options;
  const log = pino({ level: 'debug' }, { write: (text: string) => void logLines.push(text) });
  const access = createAccess({
    database: database.handle.db,
    log,
    publicUrl: () => 'http://127.0.0.1',
    anonymousLegacy: false,
    signInPace: slowPace,
    ...accessOptions,
  });
  const own = accessRoutes(access);
  const others = operationList
    .filter((operation) => !own.some((one) => one.operation.name === operation.name))
    .map((operation) =>
      route(operation, () => {
        throw new Problem('not_found', 'let in');
      }),
    );
  const app = await createHttpServer({
    routes: [...own, ...others],
    log,
    authenticate: (call) => access.authenticate(call),
    onDenied: (...denied) => void access.recordDenied(...denied),
    onAnswer: () => undefined,
    requestsPerMinute: 100_000,
    uploadIdleMs: 1_000,
    trustedProxies,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const send = sender(url);
  return { access, url, send, close: () => app.close(), ...arrivals(access, send) };
}

function sender(url: string): AccessServer['send'] {
  return async (operation, call = {}, visitor = {}) => {
    const path = buildPath(operation.path, call.params as Record<string, unknown>);
    const query = new URLSearchParams(call.query as Record<string, string>).toString();
    const isJson = operation.bodyKind === 'json';
    const response = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
      method: operation.method,
      headers: toHeaders(visitor, isJson),
      ...(isJson ? { body: JSON.stringify(call.body ?? {}) } : {}),
    });
    const text = await response.text();
    const body = (text === '' ? undefined : JSON.parse(text)) as never;
    return { status: response.status, headers: response.headers, body };
  };
}

function toHeaders(visitor: Visitor, isJson: boolean): Record<string, string> {
  return {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(visitor.cookie === undefined ? {} : { cookie: visitor.cookie }),
    ...(visitor.csrf === undefined ? {} : { 'x-csrf-token': visitor.csrf }),
    ...(visitor.token === undefined ? {} : { authorization: `Bearer ${visitor.token}` }),
    ...(visitor.address === undefined ? {} : { 'x-forwarded-for': visitor.address }),
    ...visitor.headers,
  };
}

function arrivals(
  access: Access,
  send: AccessServer['send'],
): Pick<AccessServer, 'signIn' | 'setUp'> {
  return {
    signIn: async (name, password, visitor = {}) =>
      toVisitor(await send(operations.access.sessionCreate, { body: { name, password } }, visitor)),
    setUp: async () => {
      const link = (await access.ensureSetupLink())?.url.split('#link=')[1] ?? '';
      const body = { link, name: 'root', password: rootPassword };
      return toVisitor(await send(operations.access.setupComplete, { body }));
    },
  };
}

/** The caller after sign-in. */
export function toVisitor(reply: Reply<Identity>): Visitor {
  if (reply.status !== 200) throw new Error(`sign-in answered ${JSON.stringify(reply.body)}`);
  const cookie = reply.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  return { cookie, csrf: reply.body.csrf ?? '' };
}
