/** Raw calls of operations: any credentials, any method, no client. */
import {
  buildPath,
  operations,
  type Grant,
  type Identity,
  type Method,
  type Operation,
} from '@lazaret/protocol';

import type { Instance } from './instance.ts';

/** The credentials of a caller: headers with a token, a cookie, a CSRF token, or nothing. */
export type Visitor = Readonly<Record<string, string>>;

export interface Visit {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON for operations with a JSON body, bytes for those with a binary body. */
  readonly body?: unknown;
  readonly method?: Method | 'HEAD';
}

export interface Seen {
  readonly status: number;
  /** The code of the problem, or empty. */
  readonly code: string;
  readonly text: string;
  readonly headers: Headers;
}

const unknownDigest = `sha256:${'0'.repeat(64)}`;
const digests = { digest: unknownDigest, other: unknownDigest };
const nothing = {
  engine: 'no-such-engine',
  id: '0'.repeat(16),
  sha256: '0'.repeat(64),
  position: '0',
  path: 'no-such-path',
  secret: 'no-such-secret',
  ...digests,
};

/** Makes one call and reads the response; of a stream, only whether it opens. */
export async function visit(
  url: string,
  operation: Operation,
  { visitor = {}, ...call }: Visit & { readonly visitor?: Visitor } = {},
): Promise<Seen> {
  const path = buildPath(operation.path, { ...nothing, name: 'no-such-name', ...call.params });
  const query = new URLSearchParams(call.query).toString();
  const method = call.method ?? operation.method;
  const stop = new AbortController();
  const response = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: {
      ...(operation.bodyKind === 'json' ? { 'content-type': 'application/json' } : {}),
      ...visitor,
    },
    ...bodyOf(operation, call.body),
    signal: stop.signal,
  });
  const { status, headers } = response;
  if (status === 200 && operation.outputKind === 'events') {
    stop.abort();
    return { status, headers, code: '', text: '' };
  }
  const text = await response.text();
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  const code = isProblem && text !== '' ? (JSON.parse(text) as { code: string }).code : '';
  return { status, headers, code, text };
}

function bodyOf(operation: Operation, body: unknown): { body?: string } {
  if (operation.bodyKind === 'json') return { body: JSON.stringify(body ?? {}) };
  if (operation.bodyKind === 'bytes') return { body: typeof body === 'string' ? body : 'bytes' };
  return {};
}

export function bearer(token: string): Visitor {
  return { authorization: `Bearer ${token}` };
}

/** A user with a session and a token, both with all permissions of their grants. */
export interface Person {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly session: Visitor;
  readonly token: Visitor;
}

const password = 'a phrase that is hard to guess';

/** Adds a user and signs them in. */
export async function addPerson(
  instance: Instance,
  name: string,
  grants: readonly Grant[],
): Promise<Person> {
  const { userCreate } = operations.access;
  await instance.client.call(userCreate, { body: { name, password, grants: [...grants] } });
  const session = await signIn(instance, name);
  const token = await mintToken(instance, session, {});
  return { name, grants, session, token };
}

async function signIn(instance: Instance, name: string): Promise<Visitor> {
  const body = { name, password };
  const seen = await visit(instance.url, operations.access.sessionCreate, { body });
  if (seen.status !== 200) throw new Error(`${name} was not let in: ${seen.text}`);
  const cookie = seen.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  return { cookie, 'x-csrf-token': (JSON.parse(seen.text) as Identity).csrf ?? '' };
}

/** Creates a token as the visitor and returns a visitor with it. */
export async function mintToken(
  instance: Instance,
  visitor: Visitor,
  scope: { readonly permissions?: readonly string[]; readonly project?: string },
): Promise<Visitor> {
  const body = { name: 'for a test', ...scope };
  const seen = await visit(instance.url, operations.access.tokenCreate, { visitor, body });
  if (seen.status !== 201) throw new Error(`no token was made: ${seen.text}`);
  return bearer((JSON.parse(seen.text) as { secret: string }).secret);
}
