/**
 * Handles authentication challenges of one registry. It starts anonymously, caches the challenge of
 * each repository, and sends credentials only to the registry itself or to a token server of the
 * same domain.
 */

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import type { Challenge } from './challenge.ts';

import { untilAborted } from '../http/clock.ts';

import { type Credential, type CredentialSource, secretOf } from './credential.ts';

import type { Secrets } from '../http/failure.ts';
import { basic, type TokenRequest, type TokenServer } from './token-server.ts';

export interface AuthorizerOptions {
  /** Registry host, as in references. */
  readonly host: string;
  /** The API's own URL. */
  readonly origin: URL;
  readonly credentials: CredentialSource;
  readonly tokens: TokenServer;
  readonly secrets: Secrets;
  /** Hosts outside the registry's domain whose token servers may receive credentials. */
  readonly authHosts: readonly string[];
  /** Whether the operator configured plain HTTP for a host. */
  readonly isPlain: (host: string) => boolean;
  /** Aborts the lookup of credentials, which concurrent requests share. */
  readonly signal?: AbortSignal | undefined;
  now(): number;
}

/** A 401 response and the request that it refused. */
export interface RefusedRequest {
  readonly challenges: readonly Challenge[];
  /** The Authorization header that was sent. */
  readonly sent: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Known =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: URL; readonly service?: string; scopes: string[] };

interface KeptCredential {
  readonly found: Promise<Credential | undefined>;
  readonly until: number;
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  /** The challenge of each repository; '' is the registry as a whole. */
  readonly #known = new Map<string, Known>();
  readonly #credentials = new Map<string, KeptCredential>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header for a request; undefined until a challenge was received. */
  async header(repository: string, signal?: AbortSignal): Promise<string | undefined> {
    const known = this.#known.get(repository);
    if (known === undefined) return undefined;
    const credential = await this.#credential(repository, signal);
    if (known.kind === 'basic') return this.#basic(credential);
    if (credential?.kind === 'bearer') return `Bearer ${credential.token}`;
    return `Bearer ${await this.#options.tokens.find(request(known, credential, signal))}`;
  }

  /** Updates the state from a 401. False when a retry with the same credentials is pointless. */
  async learn(repository: string, refused: RefusedRequest): Promise<boolean> {
    const { challenges, sent, signal } = refused;
    const challenge = choose(challenges);
    if (sent !== undefined) this.#credentials.delete(repository);
    if (challenge === undefined) {
      const schemes = challenges.map(({ scheme }) => scheme).join(', ') || 'no known scheme';
      throw this.#refuse(
        `requires authentication with ${schemes}; only Basic and Bearer are supported`,
      );
    }
    if (challenge.scheme === 'basic') {
      this.#known.set(repository, { kind: 'basic' });
      // The same header would be refused again, unless the password was changed meanwhile.
      return sent === undefined || (await this.header(repository, signal)) !== sent;
    }
    return this.#learnBearer(repository, challenge, refused);
  }

  async #learnBearer(
    repository: string,
    challenge: Challenge,
    { sent, signal }: RefusedRequest,
  ): Promise<boolean> {
    const credential = await this.#credential(repository, signal);
    if (credential?.kind === 'bearer' && sent !== undefined) return false;
    const known = this.#readBearer(challenge);
    if (credential !== undefined && credential.kind !== 'bearer') this.#checkRealm(known.realm);
    const before = this.#known.get(repository);
    if (before?.kind === 'bearer') {
      if (sent !== undefined) this.#options.tokens.forget(request(before, credential));
      known.scopes = joinScopes(before, known);
    }
    if (known.scopes.length === 0 && repository !== '') {
      known.scopes = [`repository:${repository}:pull`];
    }
    this.#known.set(repository, known);
    return true;
  }

  /** Cached for a while, because helpers are programs; looked up again at once after a refusal. */
  #credential(repository: string, signal?: AbortSignal): Promise<Credential | undefined> {
    const now = this.#options.now();
    const kept = this.#credentials.get(repository);
    if (kept !== undefined && now < kept.until) return untilAborted(kept.found, signal);
    const found = this.#find(repository);
    this.#credentials.set(repository, { found, until: now + ociLimits.registryCredentialMs });
    found.catch(() => this.#credentials.delete(repository));
    return untilAborted(found, signal);
  }

  async #find(repository: string): Promise<Credential | undefined> {
    const { host, credentials, secrets, signal } = this.#options;
    const found = await credentials.find({ host, repository, signal });
    if (found !== undefined) {
      secrets.add(secretOf(found));
      if (found.kind === 'password') secrets.add(`${found.username}:${found.password}`);
    }
    return found;
  }

  #basic(credential: Credential | undefined): string {
    if (credential === undefined) throw this.#refuse('requires a user name and a password');
    if (credential.kind === 'bearer') return `Bearer ${credential.token}`;
    if (credential.kind === 'identity') {
      throw this.#refuse('requires a password, but only an identity token is configured for it');
    }
    return basic(credential.username, credential.password);
  }

  #readBearer({ parameters }: Challenge): Known & { kind: 'bearer' } {
    const realm = URL.parse(parameters.get('realm') ?? '');
    if (realm === null || !this.#isSecure(realm)) {
      throw this.#refuse('names a token server without an https URL');
    }
    realm.username = '';
    realm.password = '';
    realm.hash = '';
    const service = parameters.get('service');
    const scopes = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    return { kind: 'bearer', realm, scopes, ...(service === undefined ? {} : { service }) };
  }

  #isSecure(realm: URL): boolean {
    if (realm.protocol === 'https:') return true;
    return realm.protocol === 'http:' && this.#options.isPlain(realm.host);
  }

  #checkRealm(realm: URL): void {
    const { origin, authHosts } = this.#options;
    const { hostname, host } = realm;
    if (isSameDomain(origin.hostname, hostname)) return;
    if (authHosts.includes(host) || authHosts.includes(hostname)) return;
    const advice = 'add it to the allowed token server hosts if it is trusted';
    throw this.#refuse(`names a token server at a different host, ${host}; ${advice}`);
  }

  #refuse(what: string): SourceError {
    return new SourceError('unauthorized', `${this.#options.host} ${what}`);
  }
}

/** Bearer before Basic, as registries that offer both prefer it. */
function choose(challenges: readonly Challenge[]): Challenge | undefined {
  const ofScheme = (wanted: string): Challenge | undefined =>
    challenges.find(({ scheme }) => scheme === wanted);
  return ofScheme('bearer') ?? ofScheme('basic');
}

/**
 * One token for reading, pushing and deleting, so that concurrent requests do not replace each
 * other's: the server grants what the credentials allow of it.
 */
function joinScopes(before: Known & { kind: 'bearer' }, now: Known & { kind: 'bearer' }): string[] {
  if (before.realm.href !== now.realm.href || before.service !== now.service) return now.scopes;
  const others = before.scopes.filter((scope) => !now.scopes.includes(scope));
  return [...now.scopes, ...others].slice(0, ociLimits.registryScopes);
}

function request(
  known: Known & { kind: 'bearer' },
  credential: Credential | undefined,
  signal?: AbortSignal,
): TokenRequest {
  const { realm, scopes, service } = known;
  return { realm, scopes, credential, signal, ...(service === undefined ? {} : { service }) };
}

/**
 * Whether two hosts are equal or share a parent domain: `registry-1.docker.io` and
 * `auth.docker.io`, `registry.gitlab.com` and `gitlab.com`. A public suffix such as `co.uk` does
 * not count.
 */
export function isSameDomain(one: string, other: string): boolean {
  if (one === other) return true;
  const labels = one.split('.');
  if (/^[\d.]+$/.test(one) || one.includes(':')) return false;
  const parent = labels.length > 2 ? labels.slice(1) : labels;
  const [second = '', top = ''] = parent.slice(-2);
  if (parent.length < 2 || (parent.length === 2 && top.length === 2 && second.length < 4)) {
    return false;
  }
  const name = parent.join('.');
  return other === name || other.endsWith(`.${name}`);
}
