/**
 * Authenticates the caller. Runs for each call without a cache, so every change applies to the next
 * one.
 */
import { defaultProject, operations, type Operation } from '@lazaret/protocol';

import type { Principal } from '../floor/principal.ts';
import { readCredentials, refused, type RequestHeaders } from './credentials.ts';
import { useSession } from './sessions.ts';
import { parseGrants, type Reader } from './store.ts';
import { parsePermissions, useToken } from './tokens.ts';

export interface IncomingCall {
  readonly headers: RequestHeaders;
  readonly address?: string;
  readonly operation: Operation;
}

/**
 * The caller, or undefined without any. Credentials that are malformed, unknown, ended or of a
 * disabled user throw `unauthenticated`. Public operations do not authenticate: they must
 * work with an old cookie, and without a database.
 */
export async function authenticate(
  database: Reader,
  { headers, operation }: IncomingCall,
  anonymousLegacy: boolean,
): Promise<Principal | undefined> {
  if (operation.access === 'public') return undefined;
  const credentials = readCredentials(headers);
  if (credentials === undefined) {
    return anonymousLegacy && legacyNames.has(operation.name) ? anonymous : undefined;
  }
  return credentials.kind === 'token'
    ? tokenPrincipal(database, credentials.secret)
    : sessionPrincipal(database, credentials.secret);
}

const legacyNames: ReadonlySet<string> = new Set(
  Object.values(operations.legacy).map((operation) => operation.name),
);

/** Callers of the legacy API without a token, if the operator enabled it. */
const anonymous: Principal = {
  kind: 'anonymous',
  name: 'anonymous',
  displayName: 'Anonymous',
  grants: [{ role: 'submitter', project: defaultProject }],
  onlyPermissions: ['jobs.submit', 'jobs.read'],
  onlyProject: defaultProject,
  csrf: null,
};

async function tokenPrincipal(database: Reader, secret: string): Promise<Principal> {
  const token = await useToken(database, secret);
  return {
    kind: 'token',
    name: token.name,
    displayName: token.display_name,
    grants: parseGrants(token.grants),
    onlyPermissions: parsePermissions(token.permissions),
    onlyProject: token.project,
    csrf: null,
  };
}

async function sessionPrincipal(database: Reader, secret: string): Promise<Principal> {
  const session = await useSession(database, secret);
  if (session === undefined) throw refused('the session has ended; sign in again');
  return makeSessionPrincipal(session);
}

export function makeSessionPrincipal(session: {
  readonly name: string;
  readonly display_name: string;
  readonly csrf: string;
  readonly grants: readonly { readonly role: string; readonly project: string | null }[];
}): Principal {
  return {
    kind: 'session',
    name: session.name,
    displayName: session.display_name,
    grants: parseGrants(session.grants),
    onlyPermissions: null,
    onlyProject: null,
    csrf: session.csrf,
  };
}
