/**
 * Client of one registry host: authentication, redirects, rate limits and retries. A redirect to
 * another origin is sent without `Authorization`; a retry always starts at the registry's own URL,
 * since a signed URL may have expired.
 */
import { registryTransport, type RegistryTransport } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { SourceError, TransientError } from '../source-error.ts';
import { Authorizer } from './auth/authorizer.ts';
import { parseChallenges } from './auth/challenge.ts';
import { type Clock, waitFor } from './http/clock.ts';
import { secretOf, type Credential, type CredentialSource } from './auth/credential.ts';
import { Deadline } from './http/deadline.ts';
import { plainUrl, refusal, Secrets } from './http/failure.ts';
import { readBeginning, readBody } from './http/read-body.ts';
import { apiHost } from '../reference/reference.ts';
import type { RequestKind, RequestRate } from './http/request-rate.ts';
import { backoffMs, isTransientStatus, retryAfterMs, retryTimeMs } from './http/retry.ts';
import { type TokenServerRequest, TokenServer } from './auth/token-server.ts';
import type { Answer } from './http/answer.ts';
import type { HttpMethod, RequestBody, Transport } from './http/transport.ts';

export interface RegistryClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly credentials: CredentialSource;
  readonly rate: RequestRate;
  /** Random number from 0 to below 1, for the backoff. */
  readonly random?: () => number;
  readonly authHosts?: readonly string[];
  /** How urgent its requests are, among all that share the rate. */
  readonly kind?: RequestKind;
  /** Called for each request to the registry itself. */
  readonly onRequest?: () => void;
  /** Number of retries, instead of the default. */
  readonly retries?: number;
  /** Aborts all requests and delays: the source was closed. */
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryRequest {
  readonly method?: HttpMethod;
  /** Path from `/v2/`, with its query; or a full URL at the same origin. */
  readonly path: string;
  /** The repository whose credentials to use; '' for the registry itself. */
  readonly repository: string;
  /** For messages: `the manifest of lab/app:1 at registry.lab`. */
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The body is large and will be piped. */
  readonly bulk?: boolean;
  /** `pass`: a redirect to another host is the answer, instead of being followed. */
  readonly redirects?: 'follow' | 'pass';
  /** Started whenever the registry is queried, stopped while a token server is. */
  readonly deadline?: Deadline;
}

export interface RegistryAnswer extends Answer {
  /** The weakest transport among all redirects. */
  readonly transport: RegistryTransport;
  /** Whether another host than the registry sent it. */
  readonly redirected: boolean;
  /** The target of a redirect that was not followed. */
  readonly location?: string;
}

/** A request to the API of the product, besides that of the registry. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  /** At the registry, or at the public host of its product. */
  readonly url: URL;
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export type ApiAnswer = Pick<WholeAnswer, 'bytes' | 'headers'>;

export interface BodySize {
  readonly maxBytes: number;
  /** The exact size, when a descriptor states it. */
  readonly sizeBytes?: number | undefined;
}

export interface WholeAnswer {
  readonly bytes: Buffer;
  readonly transport: RegistryTransport;
  /** The first value of a header. */
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
}

export class RegistryClient {
  /** Registry host, as in references. */
  readonly host: string;
  readonly #options: RegistryClientOptions;
  readonly #rate: RequestRate;
  readonly #secrets = new Secrets();
  #opened: Promise<{ readonly origin: URL; readonly authorizer: Authorizer }> | undefined;

  constructor(host: string, options: RegistryClientOptions) {
    this.host = host;
    this.#options = options;
    this.#rate = options.rate;
  }

  /** Reads a complete body with status 200, with retries. */
  read(request: RegistryRequest, { maxBytes, sizeBytes }: BodySize): Promise<WholeAnswer> {
    const task = async (deadline: Deadline): Promise<WholeAnswer> => {
      const answer = await this.send({ ...request, deadline });
      if (answer.status !== 200) throw await this.refuse(answer, request.what);
      const bytes = await readBody(answer.body, maxBytes, request.what);
      checkSize(bytes.length, sizeBytes, request.what);
      return {
        bytes,
        transport: answer.transport,
        header: (name) => answer.header(name)[0],
        headers: (name) => answer.header(name),
      };
    };
    return this.repeat(() => inTime(request.what, task), request.signal);
  }

  /** The credentials of the registry itself; their secret is kept out of messages. */
  async findCredential(signal?: AbortSignal): Promise<Credential | undefined> {
    const query = { host: this.host, repository: '', signal: this.#joined(signal) };
    const found = await this.#options.credentials.find(query);
    if (found !== undefined) this.#secrets.add(secretOf(found));
    return found;
  }

  /**
   * Reads a complete body with status 200, with retries. The authorization is that of the request,
   * which is why redirects are refused.
   */
  callApi({ url, what, signal, ...request }: ApiRequest): Promise<ApiAnswer> {
    const { transport } = this.#options;
    const task = async (deadline: Deadline): Promise<ApiAnswer> => {
      const joined = this.#joined(signal, deadline.signal);
      await this.#admit(joined);
      const { origin } = await this.#open();
      deadline.begin();
      const trusted = url.hostname === origin.hostname;
      const answer = await transport.exchange(url, { ...request, signal: joined, trusted });
      const limited = { ...answer, transport: answer.transport, redirected: false };
      if (isTransientStatus(answer.status)) throw await this.#transientError(limited, what);
      if (answer.status !== 200) throw await this.refuse(limited, what);
      const bytes = await readBody(answer.body, ociLimits.registryPageBytes, what);
      return { bytes, headers: (name) => answer.header(name) };
    };
    return this.repeat(() => inTime(what, task), signal);
  }

  /** Retries the task after a delay while it fails with a TransientError. */
  async repeat<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { retries = ociLimits.registryRetries } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof TransientError) || attempt >= retries) throw error;
        await this.pause(error, attempt, signal);
      }
    }
  }

  /** Waits for the Retry-After or the backoff. Throws the error when the delay is too long. */
  async pause(error: TransientError, attempt: number, signal?: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const { afterMs = 0 } = error;
    if (afterMs > ociLimits.registryPauseMsMax) throw error;
    if (error.code === 'rate_limited') this.#rate.pause(afterMs);
    const forMs = Math.max(afterMs, backoffMs(attempt, random));
    await waitFor(clock, forMs, this.#joined(signal));
  }

  /**
   * Sends one request, handles challenges and follows redirects. Throws a TransientError for
   * statuses and connections where a retry may help.
   */
  async send(request: RegistryRequest): Promise<RegistryAnswer> {
    const { authorizer } = await this.#open();
    const { repository, deadline } = request;
    const signal = this.#joined(request.signal, deadline?.signal);
    for (let tries = 0; ; tries += 1) {
      const sent = await authorizer.header(repository, signal);
      const answer = await this.#follow({ ...request, signal }, sent);
      if (isTransientStatus(answer.status)) throw await this.#transientError(answer, request.what);
      // Once for a challenge, once more for an expired or insufficient token.
      if (answer.status !== 401 || answer.redirected || tries === 2) return answer;
      const challenges = parseChallenges(answer.header('www-authenticate'));
      deadline?.stop();
      const repeats = await authorizer.learn(repository, { challenges, sent, signal });
      if (!repeats) return answer;
      answer.drop();
    }
  }

  /** An unexpected response as an error; reads the error body. */
  async refuse(
    answer: Pick<RegistryAnswer, 'status' | 'body' | 'redirected'>,
    what: string,
  ): Promise<SourceError> {
    const body = await readBeginning(answer.body, ociLimits.registryErrorBytes);
    // A signed URL that storage refuses may have expired; a retry gets a new one.
    if (answer.redirected && [400, 401, 403].includes(answer.status)) {
      return new TransientError(
        'unreachable',
        `${what}: storage responded with status ${answer.status}`,
      );
    }
    return refusal({ status: answer.status, what, body }, this.#secrets);
  }

  /**
   * The URL of a path or link; only at the registry's own origin. A registry behind a proxy that
   * ends TLS may write `http:` although it is reached with `https:`; the scheme stays ours.
   */
  async resolve(path: string, base = '/'): Promise<URL> {
    const { origin } = await this.#open();
    const url = URL.parse(path, new URL(base, origin));
    if (url !== null && url.host === origin.host && url.protocol === 'http:') {
      url.protocol = origin.protocol;
    }
    if (url === null || url.origin !== origin.origin) {
      throw new SourceError('damaged', `${this.host} links to a different host`);
    }
    return url;
  }

  #joined(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
    const all = [this.#options.signal, ...signals].filter((signal) => signal !== undefined);
    return all.length > 1 ? AbortSignal.any(all) : all[0];
  }

  async #open(): Promise<{ readonly origin: URL; readonly authorizer: Authorizer }> {
    this.#opened ??= this.#prepare();
    return this.#opened;
  }

  async #prepare() {
    const { transport, credentials, clock, signal, authHosts = [] } = this.#options;
    const origin = new URL(await transport.originOf(apiHost(this.host)));
    const secrets = this.#secrets;
    const tokens = new TokenServer({
      ask: this.#requestToken(origin, authHosts),
      now: () => clock.now(),
      onSecret: (secret) => secrets.add(secret),
    });
    const isPlain = (host: string): boolean => transport.isPlain(host);
    const now = (): number => clock.now();
    const { host } = this;
    const shared = { host, origin, credentials, tokens, secrets, authHosts, isPlain, now, signal };
    return { origin, authorizer: new Authorizer(shared) };
  }

  async #follow(request: RegistryRequest, sent: string | undefined): Promise<RegistryAnswer> {
    const { transport } = this.#options;
    const { origin } = await this.#open();
    const { method = 'GET', headers, body, signal, deadline } = request;
    let url = await this.resolve(request.path);
    let weakest: RegistryTransport = 'tls';
    for (let hops = 0; hops <= ociLimits.registryRedirects; hops += 1) {
      const own = url.origin === origin.origin;
      if (own) await this.#admit(signal);
      deadline?.begin();
      const answer = await transport.exchange(url, {
        method,
        headers: { ...headers, ...(own && sent !== undefined ? { authorization: sent } : {}) },
        ...{ body, signal, bulk: request.bulk, trusted: url.hostname === origin.hostname },
      });
      weakest = weaker(weakest, answer.transport);
      const location = isRedirect(answer.status) ? answer.header('location')[0] : undefined;
      if (location === undefined) return { ...answer, transport: weakest, redirected: !own };
      answer.drop();
      url = this.#checkRedirect(URL.parse(location, url), request.what);
      if (!isRead(method)) checkWriteRedirect(answer.status, { url, origin, what: request.what });
      if (isPassedOn(request, url, origin)) {
        return { ...answer, transport: weakest, redirected: !own, location: url.href };
      }
    }
    throw new SourceError('unreachable', `${request.what} has too many redirects`);
  }

  async #admit(signal: AbortSignal | undefined): Promise<void> {
    await this.#rate.take(signal, this.#options.kind);
    this.#options.onRequest?.();
  }

  #checkRedirect(url: URL | null, what: string): URL {
    const isSecure = url?.protocol === 'https:';
    const isListed = url?.protocol === 'http:' && this.#options.transport.isPlain(url.host);
    if (url !== null && (isSecure || isListed) && url.username === '' && url.password === '') {
      return url;
    }
    const target = url === null ? 'no URL' : plainUrl(url);
    throw new SourceError('unreachable', `${what} is redirected to ${target}, which is refused`);
  }

  async #transientError(answer: RegistryAnswer, what: string): Promise<TransientError> {
    const { clock } = this.#options;
    const afterMs =
      retryAfterMs(answer.header('retry-after')[0], clock.now()) ??
      retryTimeMs(answer.header('x-retry-after')[0], clock.now());
    const body = await readBeginning(answer.body, ociLimits.registryErrorBytes);
    const { code, message } = refusal({ status: answer.status, what, body }, this.#secrets);
    const later = afterMs === undefined ? '' : `; try again in ${Math.ceil(afterMs / 1_000)} s`;
    return new TransientError(code, `${message}${later}`, { afterMs });
  }

  /** Does not follow redirects, because the request contains a secret. */
  #requestToken(origin: URL, authHosts: readonly string[]): TokenServerRequest {
    return (url, request) => {
      const what = `the token server ${plainUrl(url)}`;
      const trusted =
        [url.hostname, url.host].some((host) => authHosts.includes(host)) ||
        url.hostname === origin.hostname;
      const task = async (deadline: Deadline) => {
        const signal = this.#joined(deadline.signal);
        deadline.begin();
        const answer = await this.#options.transport.exchange(url, { ...request, signal, trusted });
        if (isTransientStatus(answer.status)) {
          throw await this.#transientError({ ...answer, redirected: false }, what);
        }
        const bytes = await readBody(answer.body, ociLimits.registryTokenBytes, what);
        return { status: answer.status, bytes };
      };
      return this.repeat(() => inTime(what, task));
    };
  }
}

/** A retry may be faster. */
async function inTime<T>(what: string, task: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = new Deadline(ociLimits.registryAnswerMs);
  try {
    return await task(deadline);
  } catch (error) {
    if (error !== deadline.signal.reason) throw error;
    throw new TransientError('unreachable', `${what} timed out`);
  } finally {
    deadline.stop();
  }
}

/** A short body may be an undetected lost connection; a long one is wrong content. */
function checkSize(foundBytes: number, sizeBytes: number | undefined, what: string): void {
  if (sizeBytes === undefined || foundBytes === sizeBytes) return;
  const message = `${what}: size mismatch: expected ${sizeBytes} bytes as in its descriptor, got ${foundBytes}`;
  if (foundBytes < sizeBytes) throw new TransientError('digest_mismatch', message);
  throw new SourceError('digest_mismatch', message);
}

/** The weaker of two transports. */
function weaker(one: RegistryTransport, other: RegistryTransport): RegistryTransport {
  const order = registryTransport.options;
  return order.indexOf(one) > order.indexOf(other) ? one : other;
}

function isRead(method: HttpMethod): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A changing request stays at the registry, and keeps its method. */
function checkWriteRedirect(
  status: number,
  { url, origin, what }: { readonly url: URL; readonly origin: URL; readonly what: string },
): void {
  if (url.origin === origin.origin && status >= 307) return;
  const reason = 'a write is only sent to the registry itself';
  throw new SourceError('unreachable', `${what} is redirected to ${plainUrl(url)}: ${reason}`);
}

/** Redirects to the registry itself need its credentials, and are followed. */
function isPassedOn({ redirects }: RegistryRequest, url: URL, origin: URL): boolean {
  return redirects === 'pass' && url.origin !== origin.origin;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}
