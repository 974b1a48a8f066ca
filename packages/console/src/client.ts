/** API client of the console: same origin, with the CSRF token of the session. */
import { type Client, createClient, type Identity } from '@lazaret/protocol';

import { serverUrl } from './base-urls.ts';

let csrf: string | undefined;

export const client: Client = createClient({ baseUrl: serverUrl, csrf: () => csrf });

/** Stores the CSRF token of an identity; changing requests send it. */
export function rememberCsrfToken(identity: Identity): Identity {
  csrf = identity.csrf ?? undefined;
  return identity;
}

export function csrfHeaders(): Record<string, string> {
  return csrf === undefined ? {} : { 'x-csrf-token': csrf };
}
