/** What sources ask of a Docker engine: two kinds of answers over a socket, nothing changed. */
import { limits } from '@lazaret/protocol';
import { errors, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { z } from 'zod';

import { parseForeignJson } from '@lazaret/oci';
import { SourceError } from '@lazaret/oci';

export interface EngineEndpoint {
  /** `unix:///var/run/docker.sock`, or `tcp://host:2376`. */
  readonly address: string;
  /** PEM texts; TCP is encrypted when they are given. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** The name in the engine's certificate, when it is not that of the address. */
    readonly serverName?: string;
  };
}

export interface EngineApi {
  /** A checked answer; throws SourceError (`not_found`, `unreachable`, ...). */
  ask<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** A body; one that is cut throws SourceError `unreachable` and is never taken for whole. */
  stream(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** Connects when it is asked. Throws SourceError `unsupported` for an address of another kind. */
export function createEngineApi(endpoint: EngineEndpoint): EngineApi {
  const { origin, connect } = readEndpoint(endpoint);
  const pool = new Pool(origin, {
    connect: { ...connect, timeout: limits.engineConnectMs },
    connections: 4,
  });
  return {
    async ask(path, schema) {
      const { body } = await send(pool, { path, headersTimeout: limits.engineCallMs });
      const bounds = { what: "the engine's answer", maxBytes: limits.engineAnswerBytes };
      const parsed = schema.safeParse(
        parseForeignJson(await readAll(body, bounds.maxBytes), bounds),
      );
      if (parsed.success) return parsed.data;
      throw new SourceError('damaged', 'the answer of the engine is not what its API says');
    },
    async stream(path, signal) {
      const request = { path, headersTimeout: limits.imageExportMs, signal };
      const { body } = await send(pool, request);
      return translated(body, signal);
    },
    close: () => pool.destroy(),
  };
}

/** The part of a path that names an image or a container; throws SourceError `not_found`. */
export function engineName(name: string): string {
  const isName = name.length <= limits.urlParameterChars && /^[\w][\w.\-/:@]*$/.test(name);
  if (isName && !name.split('/').some((part) => part === '..' || part === '.' || part === '')) {
    return name.split('/').map(encodeURIComponent).join('/');
  }
  throw new SourceError('not_found', `an engine knows nothing by the name "${name}"`);
}

interface Sending {
  readonly path: string;
  readonly headersTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

async function send(pool: Pool, sending: Sending): Promise<Dispatcher.ResponseData> {
  const { path, headersTimeout, signal } = sending;
  const response = await pool
    .request({
      path,
      method: 'GET',
      headersTimeout,
      bodyTimeout: limits.registryIdleMs,
      ...(signal === undefined ? {} : { signal }),
    })
    .catch((error: unknown) => {
      throw failure(error, signal);
    });
  const { statusCode, body } = response;
  if (statusCode === 200) return response;
  const text = (await readAll(body, limits.registryErrorBytes)).toString('utf8');
  throw new SourceError(statusError(statusCode), engineMessage(text, statusCode));
}

async function readAll(body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of translated(body)) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) {
      throw new SourceError('too_large', `the engine answers with more than ${maxBytes} bytes`);
    }
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

async function* translated(
  body: AsyncIterable<unknown>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    throw failure(error, signal);
  }
}

function failure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof SourceError || signal?.aborted === true) return error;
  const isSlow =
    error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  const message = isSlow
    ? 'the engine does not answer in time'
    : `the engine cannot be reached: ${reason(error)}`;
  return new SourceError('unreachable', message, { cause: error });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EACCES') return 'this user may not use its socket';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function statusError(status: number): SourceError['code'] {
  if (status === 404) return 'not_found';
  if (status === 401 || status === 403) return 'unauthorized';
  return status >= 500 ? 'unreachable' : 'unsupported';
}

/** An engine says why in `message`; the text of another server is cut short. */
function engineMessage(text: string, status: number): string {
  const said = /"message"\s*:\s*"([^"\\]{1,500})/.exec(text)?.[1] ?? text.slice(0, 200).trim();
  return `the engine answers ${status}: ${said}`;
}

interface Connection {
  readonly origin: string;
  readonly connect: Readonly<Record<string, string>>;
}

function readEndpoint({ address, tls = {} }: EngineEndpoint): Connection {
  if (address.startsWith('unix:///')) {
    return { origin: 'http://localhost', connect: { socketPath: address.slice('unix://'.length) } };
  }
  const host = address.startsWith('tcp://') ? address.slice('tcp://'.length) : '';
  const isEncrypted = Object.keys(tls).length > 0;
  const url = host === '' ? null : URL.parse(`${isEncrypted ? 'https' : 'http'}://${host}`);
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    const wanted = 'expected unix:///path/of/docker.sock or tcp://host:port';
    throw new SourceError('unsupported', `engine address ${address}: ${wanted}`);
  }
  const { serverName, ...pem } = tls;
  const connect = { ...pem, ...(serverName === undefined ? {} : { servername: serverName }) };
  return { origin: url.origin, connect };
}
