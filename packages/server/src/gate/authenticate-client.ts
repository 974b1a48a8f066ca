/**
 * Clients of the gate present an API token: as the password of Basic authentication, as `docker
 * login` sends it, as a bearer token, or in the path of the admission webhook.
 */
import { gates, Problem } from '@lazaret/protocol';

import type { Access } from '../access/index.ts';
import { hashSecret } from '../floor/ids.ts';
import { holds, type Principal } from '../floor/principal.ts';
import { GateError, retryLater } from './gate-error.ts';
import type { GateSettings } from './gate-settings.ts';
import { gateLimits } from './limits.ts';
import { available, DecisionsUnavailable } from './read-image-state.ts';
import { RecentMap } from './recent-map.ts';

export interface AuthenticationParts {
  readonly access: Pick<Access, 'authenticate'>;
  readonly settings: Pick<GateSettings, 'project' | 'anonymous' | 'unavailable'>;
  readonly monotonicMs: () => number;
}

export class ClientAuthentication {
  readonly #parts: AuthenticationParts;
  readonly #known = new RecentMap<string, { readonly at: number; readonly name: string }>(
    gateLimits.tokensCached,
  );

  constructor(parts: AuthenticationParts) {
    this.#parts = parts;
  }

  /** The name of the user. Throws GateError: UNAUTHORIZED, DENIED, UNAVAILABLE. */
  async authenticate(authorization: string | undefined): Promise<string> {
    const { settings, monotonicMs } = this.#parts;
    if (authorization === undefined) {
      if (settings.anonymous) return 'anonymous';
      throw unauthorized('sign in with any user name and an API token as the password');
    }
    const token = readToken(authorization);
    const key = hashSecret(token).toString('base64');
    const known = this.#known.get(key);
    const ageMs = known === undefined ? 0 : monotonicMs() - known.at;
    if (known !== undefined && ageMs < gateLimits.tokenCacheMs) return known.name;
    try {
      const name = await available(() => this.#check(token));
      this.#known.set(key, { at: monotonicMs(), name });
      return name;
    } catch (error) {
      if (error instanceof GateError) this.#known.delete(key);
      if (!(error instanceof DecisionsUnavailable)) throw error;
      const isUsable = known !== undefined && ageMs < gateLimits.tokenStaleMs;
      if (settings.unavailable === 'allow' && isUsable) return known.name;
      const message = 'tokens cannot be checked: the database is unavailable';
      throw new GateError('UNAVAILABLE', message, { headers: retryLater() });
    }
  }

  async #check(token: string): Promise<string> {
    const { access, settings } = this.#parts;
    const principal = await this.#principal(token, access);
    if (holds(principal, 'gate.pull', settings.project)) return principal.name;
    const message = `this requires the permission gate.pull in the project ${settings.project}`;
    throw new GateError('DENIED', message);
  }

  async #principal(token: string, access: Pick<Access, 'authenticate'>): Promise<Principal> {
    try {
      const headers = { authorization: `Bearer ${token}` };
      const found = await access.authenticate({ headers, operation: gates.check });
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'unauthenticated') throw error;
      throw unauthorized(error.message);
    }
    throw unauthorized('a token is required');
  }
}

function readToken(authorization: string): string {
  const [scheme = '', value = ''] = authorization.trim().split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') {
    throw unauthorized('expected Basic or Bearer authentication');
  }
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

function unauthorized(message: string): GateError {
  const headers = { 'www-authenticate': 'Basic realm="Lazaret gate"' };
  return new GateError('UNAUTHORIZED', message, { headers });
}
