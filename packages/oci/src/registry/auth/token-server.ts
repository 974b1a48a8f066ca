/**
 * Tokens of the registry token protocol: a GET with Basic credentials, or an OAuth 2 POST for a
 * refresh token. Tokens are cached by (realm, service, scopes, identity), requested once for all
 * concurrent callers, and renewed before they expire.
 */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import { untilAborted } from '../http/clock.ts';

import { type Credential, secretOf } from './credential.ts';

import { plainUrl } from '../http/failure.ts';

export interface TokenRequest {
  readonly realm: URL;
  readonly service?: string;
  readonly scopes: readonly string[];
  /** Anonymous when absent. */
  readonly credential?: Credential | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One exchange with the token server, its body read. */
export type TokenServerRequest = (
  url: URL,
  request: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal | undefined;
  },
) => Promise<{ readonly status: number; readonly bytes: Uint8Array }>;

export interface TokenServerOptions {
  readonly ask: TokenServerRequest;
  now(): number;
  /** Called with every token, so that it is redacted from messages. */
  readonly onSecret: (secret: string) => void;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

const clientId = 'lazaret';
const answerShape = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().nullish(),
  issued_at: z.string().nullish(),
});

export class TokenServer {
  readonly #options: TokenServerOptions;
  readonly #tokens = new Map<string, Token>();
  readonly #underWay = new Map<string, Promise<Token>>();

  constructor(options: TokenServerOptions) {
    this.#options = options;
  }

  /**
   * Throws SourceError `unauthorized` when the server returns none. The signal aborts the wait; the
   * request itself continues for other callers.
   */
  async find(request: TokenRequest): Promise<string> {
    const key = keyOf(request);
    const kept = this.#tokens.get(key);
    if (kept !== undefined && this.#options.now() < kept.renewAt) return kept.text;
    const asked = this.#underWay.get(key) ?? this.#fetch(key, request);
    return (await untilAborted(asked, request.signal)).text;
  }

  /** Discards a refused token, so that the next call fetches a new one. */
  forget(request: TokenRequest): void {
    this.#tokens.delete(keyOf(request));
  }

  #fetch(key: string, request: TokenRequest): Promise<Token> {
    // The first caller may abort; the others still wait for the response.
    const { signal: _, ...lasting } = request;
    const asked = this.#ask(lasting)
      .then((token) => {
        if (this.#tokens.size >= ociLimits.registryTokensKept) this.#tokens.clear();
        this.#tokens.set(key, token);
        return token;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  async #ask(request: TokenRequest): Promise<Token> {
    const { ask } = this.#options;
    const place = plainUrl(request.realm);
    if (request.credential?.kind === 'identity') {
      const answer = await ask(request.realm, describePost(request, request.credential.token));
      if (answer.status !== 404) return this.#read(answer, place);
    }
    const { url, headers } = describeGet(request);
    return this.#read(await ask(url, { method: 'GET', headers }), place);
  }

  #read(answer: { readonly status: number; readonly bytes: Uint8Array }, place: string): Token {
    if (answer.status !== 200) {
      const why =
        answer.status === 401 || answer.status === 403 ? 'refused' : 'rejected the request with';
      const message = `the token server ${place} ${why} the credentials (${answer.status})`;
      throw new SourceError('unauthorized', message);
    }
    const found = answerShape.safeParse(parseJson(answer.bytes)).data;
    const text = found?.token || found?.access_token;
    // A token must consist of characters that are valid in a header.
    if (found === undefined || !text || !/^[\u0021-\u007e]+$/.test(text)) {
      throw new SourceError('unauthorized', `the token server ${place} returned no token`);
    }
    this.#options.onSecret(text);
    return { text, renewAt: this.#renewAt(found.expires_in, found.issued_at) };
  }

  /** Counted from `issued_at`, unless the clocks disagree. */
  #renewAt(seconds: number | null | undefined, issuedAt: string | null | undefined): number {
    const now = this.#options.now();
    const said = seconds === null || seconds === undefined ? Number.NaN : seconds * 1_000;
    const lifeMs = said > 0 ? said : ociLimits.registryTokenDefaultMs;
    const issued = Date.parse((issuedAt ?? '').slice(0, 40));
    const since = issued <= now && issued > now - lifeMs ? issued : now;
    return since + Math.max(lifeMs - ociLimits.registryTokenEarlyMs, lifeMs * 0.75);
  }
}

function describeGet({ realm, service, scopes, credential }: TokenRequest): {
  url: URL;
  headers: Record<string, string>;
} {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', clientId);
  if (credential === undefined) return { url, headers: {} };
  const username = credential.kind === 'bearer' ? '' : (credential.username ?? '');
  if (username !== '') url.searchParams.set('account', username);
  return { url, headers: { authorization: basic(username, secretOf(credential)) } };
}

function describePost({ service, scopes, signal }: TokenRequest, token: string) {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token });
  if (service !== undefined) form.set('service', service);
  form.set('client_id', clientId);
  form.set('access_type', 'offline');
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', headers, body: form.toString(), signal } as const;
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function keyOf({ realm, service, scopes, credential }: TokenRequest): string {
  const identity = createHash('sha256')
    .update(JSON.stringify(credential ?? null))
    .digest('hex');
  return JSON.stringify([realm.href, service ?? null, scopes.toSorted(), identity]);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
