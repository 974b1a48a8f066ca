/**
 * The client of the Docker Engine API: one function for responses, one for streams. It negotiates
 * the version, sets a deadline for every call, limits concurrency and the size of responses, and
 * distinguishes no connection, a timeout, and an error status (DockerError). Streams (logs,
 * archives, waits) are not counted against the calls: they last as long as a container does, and
 * must not delay a kill. Source: Docker Engine API, versions 1.41 to 1.51.
 */
import { Readable } from 'node:stream';

import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';

import { engineFailure, transportFailure } from './docker-failure.ts';
import { parseEndpoint } from './docker-endpoint.ts';
import type { DockerEndpoint } from './docker-endpoint.ts';
import { createConcurrencyGate } from './concurrency-gate.ts';
import { DockerError } from './docker-error.ts';
import { dockerLimits } from './limits.ts';
import { untilAborted } from './until-aborted.ts';

export interface DockerClient {
  /** The JSON of the response, validated; `undefined` if the response has no body. */
  call<T>(request: DockerRequest, schema: z.ZodType<T>): Promise<T>;
  /**
   * The body of the response once its headers were received; the caller must read or cancel it.
   */
  stream(request: DockerRequest): Promise<AsyncIterable<Buffer>>;
  /** The negotiated API version, such as `1.41`. */
  version(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

export interface DockerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version, as in `/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly json?: unknown;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the complete response, or for the headers of a stream. */
  readonly deadlineMs?: number;
  /** For a stream: maximum idle time; unlimited unless given. */
  readonly idleMs?: number;
  /**
   * Sends no version, so the engine uses its own: for read-only calls with the same format in
   * all versions, so that engines of any age are supported.
   */
  readonly unversioned?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Statuses from 300 on that count as success, such as 304 for a running container. */
  readonly accept?: readonly number[];
}

/** For responses whose content is ignored. */
export const anyAnswer: z.ZodType<unknown> = z.unknown();

const oldestVersion = '1.41';
const newestVersion = '1.51';
const versions = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().default('1.12') });

export function createDockerClient(endpoint: DockerEndpoint): DockerClient {
  const { origin, connect } = parseEndpoint(endpoint);
  const pool = new Pool(origin, {
    connect: { ...connect, timeout: dockerLimits.connectMs },
    keepAliveTimeout: dockerLimits.idleConnectionMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const calls = createConcurrencyGate(dockerLimits.callsPerNode);
  let negotiated: Promise<string> | undefined;

  async function version(signal?: AbortSignal): Promise<string> {
    const request = {
      method: 'GET',
      path: '/version',
      deadlineMs: dockerLimits.nodeProbeTimeoutMs,
    } as const;
    negotiated ??= answer(request, '/version', versions)
      .then(chooseVersion)
      .catch((error: unknown) => {
        negotiated = undefined;
        throw error;
      });
    return untilAborted(negotiated, signal);
  }

  async function answer<T>(request: DockerRequest, path: string, schema: z.ZodType<T>): Promise<T> {
    const { deadlineMs = dockerLimits.callMs, signal } = request;
    return withDeadline({ deadlineMs, signal, request }, async (joined) => {
      const response = await send(pool, { request, path, signal: joined });
      const text = await readText(response.body);
      if (!isGood(request, response.statusCode)) throw engineFailure(request, response, text);
      const parsed = schema.safeParse(text === '' ? undefined : parseJson(request, text));
      if (parsed.success) return parsed.data;
      throw badAnswer(request, z.prettifyError(parsed.error));
    });
  }

  async function versioned(request: DockerRequest): Promise<string> {
    if (request.unversioned === true) return request.path;
    return `/v${await version(request.signal)}${request.path}`;
  }

  return {
    version,
    async call(request, schema) {
      const path = await versioned(request);
      return calls.run(() => answer(request, path, schema), request.signal);
    },
    async stream(request) {
      const path = await versioned(request);
      return openStream(request, (signal) => send(pool, { request, path, signal }));
    },
    async close() {
      await pool.destroy();
    },
  };
}

interface Sending {
  readonly request: DockerRequest;
  /** With the version. */
  readonly path: string;
  readonly signal: AbortSignal;
}

function send(pool: Pool, { request, path, signal }: Sending): Promise<Dispatcher.ResponseData> {
  return pool.request({
    method: request.method,
    path: path + formatQuery(request.query),
    headers: {
      ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/x-tar' }),
      ...request.headers,
    },
    body: requestBody(request) ?? null,
    ...(request.idleMs === undefined ? {} : { bodyTimeout: request.idleMs }),
    signal,
  });
}

/** The newest version that both sides support. */
function chooseVersion({ ApiVersion, MinAPIVersion }: z.output<typeof versions>): string {
  if (compareVersions(ApiVersion, oldestVersion) < 0) {
    const message = `Docker API version ${ApiVersion} is too old (needs ${oldestVersion} or later)`;
    throw new DockerError('incompatible', message);
  }
  if (compareVersions(MinAPIVersion, newestVersion) > 0) {
    const message = `the engine requires Docker API version ${MinAPIVersion} (supported up to ${newestVersion})`;
    throw new DockerError('incompatible', message);
  }
  return compareVersions(ApiVersion, newestVersion) < 0 ? ApiVersion : newestVersion;
}

function compareVersions(one: string, other: string): number {
  const [oneMajor = 0, oneMinor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return oneMajor - otherMajor || oneMinor - otherMinor;
}

interface Deadline {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly request: DockerRequest;
}

/** Runs with a signal that the caller or the deadline aborts, and distinguishes the two. */
async function withDeadline<T>(
  { deadlineMs, signal, request }: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => controller.abort(), deadlineMs);
  try {
    return await run(controller.signal);
  } catch (error) {
    const late = controller.signal.aborted && signal?.aborted !== true;
    throw transportFailure(request, error, { late, deadlineMs, aborted: signal?.aborted === true });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * The deadline of a stream ends with its headers; the signal of the caller applies until its end.
 */
async function openStream(
  request: DockerRequest,
  send: (signal: AbortSignal) => Promise<Dispatcher.ResponseData>,
): Promise<AsyncIterable<Buffer>> {
  const { deadlineMs = dockerLimits.callMs, signal } = request;
  const flow = new AbortController();
  const abort = (): void => flow.abort(signal?.reason);
  const body = await withDeadline({ deadlineMs, signal, request }, async (joined) => {
    joined.addEventListener('abort', () => flow.abort(joined.reason), { once: true });
    const response = await send(flow.signal);
    if (isGood(request, response.statusCode)) return response.body;
    throw engineFailure(request, response, await readText(response.body));
  });
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  body.once('close', () => signal?.removeEventListener('abort', abort));
  return readStream(body, request);
}

/** The chunks of a body; an interrupted stream is an error, never a complete response. */
async function* readStream(
  body: Readable,
  request: DockerRequest,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    const aborted = request.signal?.aborted === true;
    throw transportFailure(request, error, { aborted, late: false, deadlineMs: 0 });
  } finally {
    body.destroy();
  }
}

function requestBody(request: DockerRequest): string | Readable | undefined {
  if (request.json !== undefined) return JSON.stringify(request.json);
  return request.body && Readable.from(request.body, { objectMode: false });
}

function formatQuery(query: DockerRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function isGood(request: DockerRequest, status: number): boolean {
  return status < 300 || (request.accept?.includes(status) ?? false);
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > dockerLimits.answerBytes) {
      const message = `response larger than ${dockerLimits.answerBytes} bytes`;
      throw new DockerError('too_large', message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(request: DockerRequest, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badAnswer(request, 'invalid JSON', error);
  }
}

function badAnswer(request: DockerRequest, detail: string, cause?: unknown): DockerError {
  const message = `${request.method} ${request.path}: unexpected response: ${detail}`;
  return new DockerError('bad_answer', message, { cause });
}
