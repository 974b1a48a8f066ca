/**
 * A single HTTP exchange with one host: scheme, certificates, proxy and address policy. It does not
 * follow redirects or retry. Every host has its own connections, so that what is configured for one
 * (a client certificate, unverified TLS) is never used with another.
 */
import { lookup } from 'node:dns';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { RegistryTransport } from '@lazaret/protocol';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import type { Answer } from './answer.ts';
import { addressOf, isPrivateAddress, isLoopback } from './address-policy.ts';
import { createTlsContext, type HostCertificates, readCertificates } from './certificates.ts';
import { bulkAnswer } from './bulk-answer.ts';
import type { BulkEndpoint } from './bulk-connection.ts';
import { BulkTransfers } from './bulk-transfers.ts';
import { connectionFailure } from './connection-failure.ts';
import { PrivateAddressError, privateAddressFailure } from './failure.ts';
import { chooseProxy, type ProxySettings } from './proxy.ts';
import { publicOnly, type Lookup } from './public-lookup.ts';

export interface NetworkOptions {
  /** `host[:port]` to use plain HTTP with. Loopback addresses use it unless TLS is configured. */
  readonly plainHttpHosts?: readonly string[];
  /** `host[:port]` whose certificates are not verified. */
  readonly skipVerifyHosts?: readonly string[];
  /** PEM authorities for every host. */
  readonly ca?: readonly string[];
  /** By `host[:port]`. */
  readonly certificates?: Readonly<Record<string, HostCertificates>>;
  /** In Docker's layout, such as `/etc/docker/certs.d`. */
  readonly certificateDirectories?: readonly string[];
  readonly proxy?: ProxySettings;
  /** Private hosts that registries may refer to (redirects, realms, urls). */
  readonly privateHosts?: readonly string[];
  /** Name of the setting with the private hosts, for messages. */
  readonly privateHostsSetting?: string | undefined;
  /**
   * Set when a remote caller named the registry, which is then not trusted with private addresses.
   */
  readonly isNamedByCaller?: boolean | undefined;
  /** Resolves names instead of the system. A proxy resolves them itself. */
  readonly lookup?: Lookup;
  /** Idle timeout of a connection, instead of the default. */
  readonly idleMs?: number;
  /** Connections to each host, instead of the default. */
  readonly connections?: number;
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Exchange {
  readonly method: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the operator named the host; others must have a public address or be listed. */
  readonly trusted: boolean;
  /** A GET whose body is large and will be piped. */
  readonly bulk?: boolean | undefined;
}

/** The bytes of a request, which are opened again for each attempt. */
export interface RequestBody {
  readonly sizeBytes: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface Transport {
  /** `https://host` or, where it is allowed, `http://host`. */
  originOf(host: string): Promise<string>;
  isPlain(host: string): boolean;
  /** Throws SourceError `unreachable`, a TransientError where another attempt may help. */
  exchange(url: URL, request: Exchange): Promise<Answer>;
  close(): Promise<void>;
}

export function createTransport(options: NetworkOptions): Transport {
  const pools = new Map<string, Promise<Dispatcher>>();
  const answered = new Set<string>();
  const certificates = createCertificateReader(options);
  const bulk = createBulk({ options, certificates });

  function poolOf(url: URL, trusted: boolean): Promise<Dispatcher> {
    const key = `${url.origin} ${trusted}`;
    const pool = pools.get(key) ?? createPool(url, trusted, { options, certificates });
    pools.set(key, pool);
    // A missing certificate file may be there on the next attempt.
    pool.catch(() => pools.delete(key));
    return pool;
  }

  function transportOf({ protocol, host }: URL): RegistryTransport {
    if (protocol !== 'https:') return 'plain-http';
    return lists(options.skipVerifyHosts, host) ? 'unverified-tls' : 'tls';
  }

  function closed(url: URL, { trusted }: Exchange): SourceError {
    const { privateHostsSetting: setting = 'privateHosts' } = options;
    return privateAddressFailure({ url, namedBy: trusted ? 'a caller' : 'a registry', setting });
  }

  return {
    async originOf(host) {
      if (lists(options.plainHttpHosts, host)) return `http://${host}`;
      if (!isLoopback(new URL(`https://${host}`).hostname)) return `https://${host}`;
      const { ca = [], client = [] } = await certificates(host);
      const hasTls = ca.length + client.length > 0 || lists(options.skipVerifyHosts, host);
      return hasTls ? `https://${host}` : `http://${host}`;
    },
    isPlain(host) {
      return lists(options.plainHttpHosts, host) || isLoopback(new URL(`https://${host}`).hostname);
    },
    async exchange(url, request) {
      const trusted =
        (request.trusted && options.isNamedByCaller !== true) ||
        lists(options.privateHosts, url.host, url.hostname);
      if (!trusted && isPrivateHost(url)) throw closed(url, request);
      const pool = await poolOf(url, trusted);
      request.signal?.throwIfAborted();
      const sending = new SentBody(request.body);
      try {
        const origin = { url, transport: transportOf(url), signal: request.signal };
        const large = await bulk.begin(request, { origin, trusted });
        const answer =
          large ??
          wrap(await pool.request(describe(url, { ...request, sending }, options)), origin);
        answered.add(url.host);
        return answer;
      } catch (error) {
        if (request.signal?.aborted === true) throw request.signal.reason;
        if (sending.failure !== undefined) throw sending.failure;
        if (error instanceof PrivateAddressError) throw closed(url, request);
        throw connectionFailure(error, url, answered.has(url.host));
      }
    },
    async close() {
      bulk.close();
      const open = await Promise.allSettled(pools.values());
      pools.clear();
      for (const one of open) if (one.status === 'fulfilled') await one.value.destroy();
    },
  };
}

/** By its address or name alone; names are resolved when connecting. */
function isPrivateHost({ hostname }: URL): boolean {
  const address = addressOf(hostname);
  return address === undefined ? isLoopback(hostname) : isPrivateAddress(address);
}

/** Bulk transfers where they are possible: without a proxy. */
function createBulk(parts: PoolParts) {
  const transfers = new BulkTransfers();
  return {
    close: () => transfers.close(),
    /** Undefined when the general client has to send it. */
    async begin(
      { bulk, headers, signal }: Exchange,
      { origin, trusted }: { readonly origin: AnswerOrigin; readonly trusted: boolean },
    ): Promise<Answer | undefined> {
      const { url } = origin;
      const proxy = chooseProxy(url, parts.options.proxy ?? {});
      if (bulk !== true || proxy !== undefined) return undefined;
      const transfer = await transfers.begin({
        ...{ url, key: `${url.origin} ${trusted}`, headers: { ...ownHeaders, ...headers }, signal },
        endpoint: () => describeEndpoint(url, trusted, parts),
      });
      return transfer === undefined ? undefined : bulkAnswer(transfer, origin);
    },
  };
}

type CertificateReader = (host: string) => Promise<HostCertificates>;

function createCertificateReader(options: NetworkOptions): CertificateReader {
  return async (host) => {
    const given = options.certificates?.[host];
    const found = await readCertificates(options.certificateDirectories ?? [], host);
    return {
      ca: [...(given?.ca ?? []), ...(found.ca ?? [])],
      client: [...(given?.client ?? []), ...(found.client ?? [])],
    };
  };
}

interface PoolParts {
  readonly options: NetworkOptions;
  readonly certificates: CertificateReader;
}

async function createPool(url: URL, trusted: boolean, parts: PoolParts): Promise<Dispatcher> {
  const { options } = parts;
  const secure = url.protocol === 'https:' ? await secureOptions(url, parts) : {};
  const idleMs = options.idleMs ?? ociLimits.registryIdleMs;
  const shared = {
    connections: options.connections ?? ociLimits.registryConnections,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    allowH2: false,
  };
  const proxy = chooseProxy(url, options.proxy ?? {});
  if (proxy !== undefined) {
    const uri = proxyUri(proxy);
    const secureContext = createTlsContext({ ca: options.ca ?? [] });
    const proxyTls = { secureContext };
    const connectTimeout = ociLimits.registryConnectMs;
    return new ProxyAgent({ ...shared, uri, connectTimeout, proxyTls, requestTls: secure });
  }
  const resolve = options.lookup ?? lookup;
  const connect = {
    ...secure,
    timeout: ociLimits.registryConnectMs,
    lookup: trusted ? resolve : publicOnly(resolve),
  };
  return new Agent({ ...shared, connect });
}

async function secureOptions(url: URL, { options, certificates }: PoolParts) {
  const { ca = [], client = [] } = await certificates(url.host);
  const { host } = url;
  try {
    return {
      secureContext: createTlsContext({ ca: [...(options.ca ?? []), ...ca], client }),
      rejectUnauthorized: !lists(options.skipVerifyHosts, host),
    };
  } catch {
    // The message of the library may quote a key.
    throw new SourceError('unreachable', `the certificates or keys for ${host} cannot be read`);
  }
}

function proxyUri(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && ['http:', 'https:', 'socks5:'].includes(url.protocol)) return url.href;
  throw new SourceError('unreachable', 'invalid proxy URL');
}

const ownHeaders = { 'user-agent': 'lazaret', 'accept-encoding': 'identity' } as const;

async function describeEndpoint(
  url: URL,
  trusted: boolean,
  parts: PoolParts,
): Promise<BulkEndpoint> {
  const { options } = parts;
  const isSecure = url.protocol === 'https:';
  const resolve = options.lookup ?? lookup;
  return {
    host: addressOf(url.hostname) ?? url.hostname,
    port: Number(url.port) || (isSecure ? 443 : 80),
    lookup: trusted ? resolve : publicOnly(resolve),
    tls: isSecure ? await secureOptions(url, parts) : undefined,
    connectMs: ociLimits.registryConnectMs,
    idleMs: options.idleMs ?? ociLimits.registryIdleMs,
  };
}

/** The body of one attempt; remembers why its source failed: that is not an error of the server. */
class SentBody {
  failure: Error | undefined;
  readonly #body: Exchange['body'];

  constructor(body: Exchange['body']) {
    this.#body = body;
  }

  get headers(): Readonly<Record<string, string>> {
    const body = this.#body;
    if (body === undefined || typeof body === 'string') return {};
    return { 'content-length': String(body.sizeBytes) };
  }

  open(): string | Readable | null {
    const body = this.#body;
    if (body === undefined || typeof body === 'string') return body ?? null;
    return body.sizeBytes === 0 ? '' : Readable.from(this.#watch(body), { objectMode: false });
  }

  async *#watch(body: RequestBody): AsyncGenerator<Uint8Array> {
    let sentBytes = 0;
    try {
      for await (const chunk of body.open()) {
        sentBytes += chunk.length;
        yield chunk;
      }
      if (sentBytes !== body.sizeBytes) {
        throw new Error(`the body has ${sentBytes} bytes instead of ${body.sizeBytes}`);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}

function describe(
  url: URL,
  request: Exchange & { readonly sending: SentBody },
  options: NetworkOptions,
): Dispatcher.RequestOptions {
  const idleMs = options.idleMs ?? ociLimits.registryIdleMs;
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: {
      ...ownHeaders,
      ...request.headers,
      ...request.sending.headers,
    },
    body: request.sending.open(),
    signal: request.signal ?? null,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
  };
}

interface AnswerOrigin {
  readonly url: URL;
  readonly transport: RegistryTransport;
  readonly signal: AbortSignal | undefined;
}

function wrap(answer: Dispatcher.ResponseData, origin: AnswerOrigin): Answer {
  return {
    status: answer.statusCode,
    transport: origin.transport,
    header(name) {
      const value = answer.headers[name];
      return value === undefined ? [] : [value].flat();
    },
    body: guard(answer.body, origin),
    async pipe(to, onBytes) {
      answer.body.on('data', (chunk: Buffer) => onBytes(chunk.length));
      try {
        await pipeline(answer.body, to, signalOf(origin));
      } catch (error) {
        origin.signal?.throwIfAborted();
        throw connectionFailure(error, origin.url, true);
      }
    },
    drop() {
      // Later errors of the discarded body are ignored.
      answer.body.on('error', () => undefined);
      answer.body.destroy();
    },
  };
}

function signalOf({ signal }: AnswerOrigin): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Reports a lost connection like one that failed to open. */
async function* guard(
  body: AsyncIterable<Uint8Array>,
  { url, signal }: AnswerOrigin,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal?.throwIfAborted();
    throw connectionFailure(error, url, true);
  }
}

function lists(list: readonly string[] | undefined, ...hosts: readonly string[]): boolean {
  return hosts.some((host) => list?.includes(host) === true);
}
