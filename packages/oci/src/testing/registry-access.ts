/** Access control of the fake registry: none, Basic, or tokens with scopes. */
import { randomUUID } from 'node:crypto';

import type { FaultSwitches } from './registry-faults.ts';

export interface RegistryAccess {
  readonly mode: 'open' | 'basic' | 'token';
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>;
  /** User names by refresh token (`identitytoken`). */
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** Repositories that can be pulled with an anonymous token. */
  readonly publicRepositories?: readonly string[];
  readonly tokenSeconds?: number;
  /** The response field with the token; `token` unless given. */
  readonly tokenField?: 'token' | 'access_token';
  /** Disables the OAuth 2 POST, which then returns 404. */
  readonly noPost?: boolean;
  /** Realm of the challenge, instead of the registry's own token server. */
  readonly realm?: string;
}

export interface TokenQuestion {
  readonly method: string;
  /** Query of a GET, form of a POST. */
  readonly fields: URLSearchParams;
  readonly authorization: string | undefined;
}

interface IssuedToken {
  readonly scopes: ReadonlySet<string>;
  readonly expiresAt: number;
}

export interface GateParts {
  readonly access: RegistryAccess;
  readonly faults: FaultSwitches;
  now(): number;
}

export class RegistryGate {
  readonly #parts: GateParts;
  readonly #issued = new Map<string, IssuedToken>();
  /** Number of issued tokens. */
  issuedCount = 0;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Undefined when the request is allowed; otherwise the headers of the 401. */
  check(scope: string, authorization: string | undefined, origin: string): string[] | undefined {
    const { access } = this.#parts;
    if (access.mode === 'open') return undefined;
    if (access.mode === 'basic') {
      return this.#user(authorization) === undefined
        ? ['Basic realm="fake, \\"quoted\\""']
        : undefined;
    }
    const token = this.#issued.get((authorization ?? '').replace(/^Bearer /, ''));
    const expired = token !== undefined && token.expiresAt <= this.#parts.now();
    // The probe of `/v2/` needs no scope.
    const may = scope === '' || token?.scopes.has(scope) === true;
    if (token !== undefined && !expired && may) return undefined;
    const lacksScope = token !== undefined && !expired;
    const error = lacksScope ? 'insufficient_scope' : authorization ? 'invalid_token' : undefined;
    return this.#challenge(scope, origin, error);
  }

  /** The response of the token server. */
  issue({ method, fields, authorization }: TokenQuestion): { status: number; body: unknown } {
    const { access, faults, now } = this.#parts;
    if (method === 'POST' && access.noPost === true) return { status: 404, body: {} };
    const user =
      method === 'POST'
        ? access.refreshTokens?.[fields.get('refresh_token') ?? '']
        : this.#user(authorization);
    if (user === undefined && (authorization !== undefined || method === 'POST')) {
      return {
        status: 401,
        body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
      };
    }
    const asked = fields.getAll('scope').flatMap((scope) => scope.split(' '));
    const granted = asked.flatMap((scope) => this.#grant(scope, user));
    const text = `token-${randomUUID()}`;
    const seconds = access.tokenSeconds ?? 300;
    const scopes = new Set(faults.happens('insufficient-scope') ? [] : granted);
    this.#issued.set(text, { scopes, expiresAt: now() + seconds * 1_000 });
    this.issuedCount += 1;
    const body = { [access.tokenField ?? 'token']: text, expires_in: seconds };
    return { status: 200, body: { ...body, issued_at: new Date(now()).toISOString() } };
  }

  /** Revokes all issued tokens. */
  revoke(): void {
    this.#issued.clear();
  }

  #user(authorization: string | undefined): string | undefined {
    const [scheme, coded = ''] = (authorization ?? '').split(' ');
    if (scheme !== 'Basic') return undefined;
    const text = Buffer.from(coded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const user = text.slice(0, colon);
    return this.#parts.access.users?.[user] === text.slice(colon + 1) ? user : undefined;
  }

  /** The granted parts of a scope, one per action; parsed from the right. */
  #grant(scope: string, user: string | undefined): string[] {
    const colon = scope.lastIndexOf(':');
    const resource = scope.slice(0, colon);
    const name = resource.slice(resource.indexOf(':') + 1);
    const isPublic = this.#parts.access.publicRepositories?.includes(name) === true;
    const actions = scope.slice(colon + 1).split(',');
    return actions
      .filter((action) => user !== undefined || (isPublic && action === 'pull'))
      .map((action) => `${resource}:${action}`);
  }

  #challenge(scope: string, origin: string, error: string | undefined): string[] {
    const { access, faults } = this.#parts;
    const { realm = `${origin}/token` } = access;
    const wide = faults.happens('several-challenges');
    const asked = wide ? `${scope},push` : scope.replace(/:push$/, ':pull,push');
    const named = scope === '' ? [] : [`scope="${asked}"`];
    const parts = [`realm="${realm}"`, 'service="fake registry"', ...named];
    const bearer = `Bearer ${[...parts, ...(error ? [`error="${error}"`] : [])].join(',')}`;
    if (!wide) return [bearer];
    return [`Negotiate, Custom a="x, Basic realm=\\"no\\"", ${bearer}`, 'Basic realm="fake"'];
  }
}
