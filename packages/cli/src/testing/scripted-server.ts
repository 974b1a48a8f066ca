/**
 * A server with scripted responses, for behaviour that a real one does not have, such as
 * interrupting a connection or sending other bytes than announced. Paths and methods come from the
 * rows.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { operationList, Problem, type Operation } from '@lazaret/protocol';

export interface ScriptedCall {
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** For answers that are not JSON; the handler then answers nothing. */
  readonly response: ServerResponse;
}

/** Answers a value to send as JSON, throws a Problem, or writes to the response itself. */
export type Handler = (call: ScriptedCall) => unknown;

export interface ScriptedServer {
  readonly url: string;
  /** Every call in order, without its response. */
  readonly calls: readonly ScriptedCall[];
  stop(): Promise<void>;
}

/** Without a handler of the test, every engine exists and takes any files. */
const defaultHandlers: Readonly<Record<string, Handler>> = {
  'engines.show': ({ params: { name = '' } }) => ({
    name,
    enabled: true,
    manifest: { name, input: { count: { min: 0, max: 1_000 } } },
  }),
};

/** Handlers by the name of the operation; others answer `not_found`. */
export async function startScriptedServer(
  handlers: Readonly<Record<string, Handler>>,
): Promise<ScriptedServer> {
  const calls: ScriptedCall[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://scripted');
    const { operation, params } = findOperation(request.method, url.pathname);
    const { headers } = request;
    const body = await buffer(request);
    const call = {
      operation: operation?.name ?? '',
      params,
      query: url.searchParams,
      headers,
      body,
    };
    const scripted = handlers[call.operation];
    const handler = scripted ?? defaultHandlers[call.operation];
    if (handler === undefined || scripted !== undefined) calls.push({ ...call, response });
    try {
      if (handler === undefined) throw new Problem('not_found', `nothing at ${url.pathname}`);
      const value = await handler({ ...call, response });
      if (value !== undefined) send(response, operation?.status ?? 200, value);
      else if (operation?.outputKind === 'empty') response.writeHead(204).end();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      for (const [name, text] of Object.entries(error.headers)) response.setHeader(name, text);
      send(response, error.status, error.toDocument());
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(value));
}

interface Found {
  readonly operation?: Operation;
  readonly params: Readonly<Record<string, string>>;
}

function findOperation(method: string | undefined, path: string): Found {
  for (const operation of operationList) {
    if (operation.method !== method) continue;
    const pattern = operation.path.replaceAll(/:([A-Za-z0-9]+)/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match === null) continue;
    const groups = Object.entries(match.groups ?? {});
    const params = groups.map(([name, value]) => [name, decodeURIComponent(value)] as const);
    return { operation, params: Object.fromEntries(params) };
  }
  return { params: {} };
}
