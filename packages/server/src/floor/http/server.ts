/**
 * Routes of operations. The order for every call: request id, rate limit, authentication,
 * permission, validation, handler, response; every error becomes problem+json, never a stack trace.
 */
import type { IncomingMessage } from 'node:http';

import rateLimit from '@fastify/rate-limit';
import {
  asProblem,
  limits,
  operationList,
  Problem,
  type Operation,
  type OperationInput,
  type Permission,
} from '@lazaret/protocol';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';

import { newId } from '../ids.ts';
import { forbidden, holds, type Principal } from '../principal.ts';
import { countStreams, type StreamCount } from './count-streams.ts';
import { endEarly } from './end-early.ts';
import { httpLimits } from './limits.ts';
import { hasHead, notFound, refuseShadowed } from './not-found.ts';
import { checkConditionalHeaders } from './preconditions.ts';
import { expectNoBody, readJson, readUpload } from './read-body.ts';
import { recheckStream } from './recheck-stream.ts';
import { refuseSocket } from './refuse-socket.ts';
import type { CallContext, Download, OutgoingEvent, Route } from './route.ts';
import { sendDownload, sendEvents, sendText } from './send.ts';
import { validate } from './validate.ts';

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  /**
   * Authenticates the caller; undefined without credentials. Throws a problem for invalid
   * credentials.
   */
  readonly authenticate: (call: {
    readonly headers: IncomingMessage['headers'];
    readonly address: string;
    readonly operation: Operation;
  }) => Promise<Principal | undefined>;
  /** Called for every call that was denied for lack of a permission. */
  readonly onDenied: (principal: Principal, operation: Operation, address: string) => void;
  /** Called with every response, for metrics. */
  readonly onAnswer: (operation: Operation, status: number, seconds: number) => void;
  readonly requestsPerMinute: number;
  readonly uploadIdleMs: number;
  /** How often the permissions of a running stream are checked again. */
  readonly streamRecheckMs?: number;
  /** Addresses of proxies whose X-Forwarded-For is trusted. */
  readonly trustedProxies: readonly string[];
}

/** The server, not listening yet. Other parts may add plain routes such as the console's files. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  checkComplete(options.routes);
  const app = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    // Responses are logged once, below, with the relevant fields.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: (request) => acceptRequestId(request.headers['x-request-id']),
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    routerOptions: { maxParamLength: limits.urlParameterChars },
    http: {
      maxHeaderSize: httpLimits.requestHeaderBytes,
      headersTimeout: httpLimits.requestHeadersMs,
      connectionsCheckingInterval: httpLimits.connectionCheckMs,
    },
    // Uploads may take long; they are limited by the idle time between chunks.
    requestTimeout: 0,
    connectionTimeout: 0,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
    clientErrorHandler: refuseSocket,
  });
  // `100 Continue` is sent when the body is needed, not before; other expectations are ignored.
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (...call: unknown[]) => void app.server.emit('request', ...call));
  }
  // Bodies are read by the kind of the operation, as streams.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) =>
      new Problem('too_many_requests', `expected at most ${context.max} requests a minute`, {
        headers: { 'retry-after': String(Math.ceil(context.ttl / 1000)) },
      }),
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).headers(securityHeaders);
  });
  app.addHook('onResponse', async (request, reply) => {
    const operation = (request.routeOptions.config as { operation?: Operation }).operation;
    if (operation === undefined) return;
    options.onAnswer(operation, reply.statusCode, reply.elapsedTime / 1000);
    const level = reply.statusCode >= 500 ? 'warn' : 'debug';
    request.log[level](
      { operation: operation.name, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, notFound(request)));
  const streams = countStreams();
  for (const one of options.routes) addRoute(app, one, { ...options, streams });
  refuseShadowed(app);
  return app;
}

/** Responses of the API are never framed, sniffed, cached by proxies or sent with a referrer. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

/** Every operation has exactly one route: without one it would be documented and return 404. */
function checkComplete(routes: readonly Route[]): void {
  const names = routes.map((one) => one.operation.name);
  const missing = operationList.filter((operation) => !names.includes(operation.name));
  const twice = names.filter((name, position) => names.indexOf(name) !== position);
  if (missing.length + twice.length === 0) return;
  throw new Error(
    `operations without a route: ${missing.map((row) => row.name).join(', ') || 'none'}; ` +
      `with several: ${twice.join(', ') || 'none'}`,
  );
}

function addRoute(
  app: FastifyInstance,
  one: Route,
  options: HttpServerOptions & { readonly streams: StreamCount },
): void {
  const { operation } = one;
  app.route({
    method: [operation.method, ...(operation.alsoMethods ?? [])],
    url: operation.path,
    config: { operation } as never,
    exposeHeadRoute: hasHead(operation),
    handler: async (request, reply) => {
      const context = await authorize(request, reply, { operation, options });
      checkConditionalHeaders(request.headers, operation);
      const body = await readBody(request, reply, operation);
      const { params, query } = request;
      const input = validate(operation, { params, query, body });
      if (operation.outputKind === 'events') {
        await answerStream(request, reply, { one, input, context, options });
      } else {
        await sendAnswer(request, reply, { operation, answer: await one.handler(input, context) });
      }
      return reply;
    },
  });
}

interface StreamCall {
  readonly one: Route;
  readonly input: OperationInput<Operation>;
  readonly context: CallContext;
  readonly options: HttpServerOptions & { readonly streams: StreamCount };
}

/** Sends a stream of events for as long as the caller is permitted to read it. */
async function answerStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { one, input, context, options }: StreamCall,
): Promise<void> {
  const { operation } = one;
  const { headers, ip: address } = request;
  const checked = recheckStream(context, {
    operation,
    authenticate: () => options.authenticate({ headers, address, operation }),
    everyMs: options.streamRecheckMs ?? httpLimits.streamRecheckMs,
  });
  let leave: (() => void) | undefined;
  try {
    const answer = (await one.handler(input, checked.context)) as AsyncIterable<OutgoingEvent>;
    leave = options.streams.enter(context.principal, operation);
    await sendEvents(reply, answer, checked.context.signal);
  } finally {
    checked.stop();
    leave?.();
  }
}

/** A file is read by the handler; anything else is read here. */
async function readBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { bodyKind }: Operation,
): Promise<unknown> {
  if (bodyKind === 'bytes') return undefined;
  const continueBody = (): void => sendContinue(request, reply);
  if (bodyKind === 'none') return expectNoBody(request.raw, continueBody);
  continueBody();
  return readJson(request.raw);
}

/** Handles `Expect: 100-continue`. */
function sendContinue(request: FastifyRequest, reply: FastifyReply): void {
  if (/^100-continue$/i.test(request.headers.expect ?? '')) reply.raw.writeContinue();
}

/** Authentication, the CSRF token of a session, and the permission. */
async function authorize(
  request: FastifyRequest,
  reply: FastifyReply,
  called: { readonly operation: Operation; readonly options: HttpServerOptions },
): Promise<CallContext> {
  const { operation, options } = called;
  const address = request.ip;
  const { headers } = request;
  const principal = await options.authenticate({ headers, address, operation });
  if (operation.access !== 'public') {
    if (principal === undefined) {
      throw new Problem('unauthenticated', 'expected a session or an API token, received neither', {
        headers: { 'www-authenticate': 'Bearer realm="lazaret"' },
      });
    }
    checkCsrf(principal, request, operation);
    if (operation.access !== 'signed-in' && !holds(principal, operation.access as Permission)) {
      options.onDenied(principal, operation, address);
      throw forbidden(principal, operation.access as Permission);
    }
  }
  return makeContext(request, reply, { principal: principal ?? anonymous, operation, options });
}

function checkCsrf(principal: Principal, request: FastifyRequest, operation: Operation): void {
  if (principal.kind !== 'session' || operation.csrfExempt === true) return;
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (request.headers['x-csrf-token'] === principal.csrf) return;
  throw new Problem('csrf_failed', 'expected the header x-csrf-token of this session');
}

const anonymous: Principal = {
  kind: 'anonymous',
  name: 'nobody',
  displayName: 'Nobody',
  grants: [],
  onlyPermissions: null,
  onlyProject: null,
  csrf: null,
};

function makeContext(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: { principal: Principal; operation: Operation; options: HttpServerOptions },
): CallContext {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  // It may have disconnected during authentication; then no close event follows.
  if (reply.raw.closed || request.raw.socket.destroyed) gone.abort();
  return {
    principal: parts.principal,
    requestId: request.id,
    address: request.ip,
    signal: gone.signal,
    headers: request.headers,
    distinctHeaders: request.raw.headersDistinct,
    url: request.url,
    upload: () => {
      sendContinue(request, reply);
      return readUpload(request.raw, {
        idleMs: parts.options.uploadIdleMs,
        ignoreFields: parts.operation.ignoresFormFields === true,
      });
    },
    setHeader: (name, value) => void reply.header(name, value),
  };
}

async function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  done: { operation: Operation; answer: unknown },
): Promise<void> {
  const { operation, answer } = done;
  const emptyStatus = operation.outputKind === 'empty' ? 204 : 200;
  if (reply.statusCode === 200) reply.code(operation.status ?? emptyStatus);
  switch (operation.outputKind) {
    case 'empty':
      await reply.send();
      return;
    case 'json':
      await reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
      return;
    case 'text':
      await sendText(reply, answer as string | AsyncIterable<string>);
      return;
    case 'events':
      throw new Error('streams are answered by answerStream');
    case 'bytes':
      await sendDownload(request, reply, answer as Download);
      return;
  }
}

function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): FastifyReply | undefined {
  const problem = asProblem(error) ?? translate(error);
  if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
  if (reply.raw.headersSent) {
    // Too late for a response: a broken connection signals that the content is incomplete.
    reply.raw.destroy();
    return undefined;
  }
  const body = JSON.stringify(problem.toDocument(request.id));
  reply
    .code(problem.status)
    .header('x-request-id', request.id)
    .headers(securityHeaders)
    .headers(problem.headers)
    .type('application/problem+json; charset=utf-8')
    .removeHeader('content-length')
    .removeHeader('content-disposition');
  if (request.raw.complete) return reply.send(body);
  reply.hijack();
  endEarly(request.raw, reply.raw, { status: problem.status, headers: reply.getHeaders(), body });
  return undefined;
}

function translate(error: unknown): Problem {
  const { statusCode, code, message } = error as {
    statusCode?: number;
    code?: string;
    message?: string;
  };
  if (code?.startsWith('FST_') === true && statusCode !== undefined && statusCode < 500) {
    const isType = code.startsWith('FST_ERR_CTP_') && statusCode === 415;
    return isType
      ? new Problem('unsupported_media_type', `the content type could not be read: ${message}`)
      : new Problem('invalid_request', `the request could not be read: ${message}`);
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Problem('storage_full', 'the disk of the data directory is full', { cause: error });
  }
  if (isDatabaseLoss(error as NodeJS.ErrnoException)) {
    return new Problem('database_unavailable', 'the database is unavailable', {
      cause: error,
      headers: { 'retry-after': '2' },
    });
  }
  return new Problem('internal_error', 'internal server error', {
    cause: error,
  });
}

/**
 * SQLSTATE classes 08 (connection), 57P (shutdown, crash), and sockets that were lost or never
 * opened; a file that is missing has the same code as a socket, but does not mean that the database
 * is lost.
 */
function isDatabaseLoss(error: NodeJS.ErrnoException): boolean {
  const { code = '', syscall } = error;
  if (/^(08|57P)/.test(code)) return true;
  if (code === 'ENOENT') return syscall === 'connect';
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code);
}

function acceptRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(header) ? header : newId();
}
