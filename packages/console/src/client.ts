/** The API as this page calls it: same origin, with the proof that the session asks for. */
import { type Client, createClient, type Identity } from '@lazaret/protocol';

import { serverUrl } from './address.ts';

let csrf: string | undefined;

export const client: Client = createClient({ baseUrl: serverUrl, csrf: () => csrf });

/** Keeps the proof that came with an identity; calls that change something send it. */
export function rememberProof(identity: Identity): Identity {
  csrf = identity.csrf ?? undefined;
  return identity;
}

export function proofHeaders(): Record<string, string> {
  return csrf === undefined ? {} : { 'x-csrf-token': csrf };
}
