/** The list APIs of Docker Hub, Harbor, Quay and GitHub over the images of the fake registry. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RegistryAccess } from './registry-access.ts';
import type { FaultSwitches } from './registry-faults.ts';
import type { RegistryStore } from './registry-store.ts';
import { readWhole } from './serve-uploads.ts';

export interface ProductListParts {
  readonly store: RegistryStore;
  readonly faults: FaultSwitches;
  readonly access: RegistryAccess;
  readonly retryAfterSeconds: number;
  now(): number;
}

const maxPageItems = 100;
/** Of signed-in users of Docker Hub; passwords are those of the registry. */
const hubTokenPrefix = 'hub-token-of-';

/** False for any other path. */
export async function serveProductList(
  request: IncomingMessage,
  response: ServerResponse,
  { url, ...parts }: ProductListParts & { readonly url: URL },
): Promise<boolean> {
  const { pathname } = url;
  const call = { request, response, url, parts };
  const hub = /^\/v2\/repositories\/([^/]+)\/$/.exec(pathname)?.[1];
  const project = /^\/api\/v2\.0\/projects\/([^/]+)\/repositories$/.exec(pathname)?.[1];
  const owner = /^\/(orgs|users)\/([^/]+)\/packages$/.exec(pathname);
  if (pathname === '/v2/auth/token') await signInToHub(call);
  else if (hub !== undefined) serveHub(call, hub);
  else if (project !== undefined) serveHarbor(call, project);
  else if (pathname === '/api/v2.0/repositories') serveHarbor(call, undefined);
  else if (pathname === '/api/v1/repository') serveQuay(call);
  else if (owner !== null) serveGithub(call, owner[1] === 'orgs', owner[2] ?? '');
  else return false;
  return true;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly parts: ProductListParts;
}

async function signInToHub({ request, response, parts }: Call): Promise<void> {
  const { identifier = '', secret } = JSON.parse(
    (await readWhole(request, 10_000)).toString('utf8'),
  ) as { identifier?: string; secret?: string };
  const isKnown = parts.access.users?.[identifier] === secret && secret !== undefined;
  if (isKnown) send(response, 200, { access_token: `${hubTokenPrefix}${identifier}` });
  else send(response, 401, { detail: 'Incorrect authentication credentials' });
}

function serveHub(call: Call, namespace: string): void {
  const { response, url, parts } = call;
  if (parts.faults.happens('too-many-requests')) {
    // A time, in seconds since 1970, instead of a number of seconds.
    const at = Math.ceil(parts.now() / 1_000) + parts.retryAfterSeconds;
    response.setHeader('x-retry-after', at);
    send(response, 429, { detail: 'Rate limit exceeded', error: false });
    return;
  }
  const bearer = bearerOf(call);
  const isUser = bearer?.startsWith(hubTokenPrefix) === true;
  if (bearer !== undefined && !isUser) {
    send(response, 401, { detail: 'Incorrect authentication credentials' });
    return;
  }
  const names = namesOf(call, namespace, isUser);
  if (names.length === 0) {
    send(response, 404, { message: 'object not found', errinfo: {} });
    return;
  }
  const page = choosePage(call, names);
  if (page === undefined) return;
  const next = new URL(url);
  next.searchParams.set('page', String(page.number + 1));
  send(response, 200, {
    ...{ count: names.length, previous: null },
    next: page.isLast ? null : next.href,
    results: page.names.map((name) => ({
      ...{ name: name.slice(namespace.length + 1), namespace, repository_type: 'image', status: 1 },
    })),
  });
}

function serveHarbor(call: Call, project: string | undefined): void {
  const { response, url } = call;
  const user = userOf(call);
  if (call.request.headers.authorization !== undefined && user === undefined) {
    send(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'unauthorized' }] });
    return;
  }
  const names = namesOf(call, project, user !== undefined);
  if (project !== undefined && names.length === 0) {
    const message = `project ${project} not found`;
    send(response, user === undefined ? 401 : 403, { errors: [{ code: 'FORBIDDEN', message }] });
    return;
  }
  const page = choosePage(call, names);
  if (page === undefined) return;
  response.setHeader('x-total-count', names.length);
  if (!page.isLast) {
    const next = new URL(url);
    next.searchParams.set('page', String(page.number + 1));
    response.setHeader('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  send(
    response,
    200,
    page.names.map((name, id) => ({ id, name, artifact_count: 1 })),
  );
}

function serveQuay(call: Call): void {
  const { response, url, parts } = call;
  const namespace = url.searchParams.get('namespace');
  if (namespace === null) {
    const error = 'namespace, starred or public are required for this API call';
    send(response, 400, { error_message: error, error_type: 'invalid_request' });
    return;
  }
  const bearer = bearerOf(call);
  const isUser = Object.values(parts.access.users ?? {}).includes(bearer ?? '');
  if (bearer !== undefined && !isUser) {
    send(response, 401, { error: 'Invalid bearer token format', error_type: 'invalid_token' });
    return;
  }
  const cursor = url.searchParams.get('next_page');
  const number = cursor === null ? 1 : Number(Buffer.from(cursor, 'base64').toString('utf8'));
  const page = choosePage(call, namesOf(call, namespace, isUser), number);
  if (page === undefined) return;
  const repositories = page.names.map((name) => ({
    ...{ namespace, name: name.slice(namespace.length + 1), kind: 'image', state: 'NORMAL' },
    ...{ description: null, is_public: true, quota_report: null },
  }));
  const next = Buffer.from(String(page.number + 1)).toString('base64');
  send(response, 200, { repositories, ...(!page.isLast && { next_page: next }) });
}

function serveGithub(call: Call, isOrganization: boolean, owner: string): void {
  const { response, url, parts } = call;
  const isUser = Object.values(parts.access.users ?? {}).includes(bearerOf(call) ?? '');
  if (!isUser) {
    send(response, 401, { message: 'Requires authentication', status: '401' });
    return;
  }
  const names = namesOf(call, owner.toLowerCase(), true);
  // Owners whose name begins with `user` are users here, the others organizations.
  if (names.length === 0 || isOrganization === owner.startsWith('user')) {
    send(response, 404, { message: 'Not Found', status: '404' });
    return;
  }
  const page = choosePage(call, names);
  if (page === undefined) return;
  if (!page.isLast) {
    const next = new URL(url);
    next.searchParams.set('page', String(page.number + 1));
    response.setHeader('link', `<${next.href}>; rel="next", <${next.href}>; rel="last"`);
  }
  const packages = page.names.map((name) => name.slice(owner.length + 1));
  send(
    response,
    200,
    packages.map((name, id) => ({ id, name, package_type: 'container' })),
  );
}

/** All names below the namespace that the caller may see. */
function namesOf({ parts }: Call, namespace: string | undefined, isUser: boolean): string[] {
  const { mode, publicRepositories = [] } = parts.access;
  return [...parts.store.repositories.keys()]
    .filter((name) => namespace === undefined || name.startsWith(`${namespace}/`))
    .filter((name) => isUser || mode === 'open' || publicRepositories.includes(name))
    .toSorted();
}

interface ListPage {
  readonly names: readonly string[];
  readonly number: number;
  readonly isLast: boolean;
}

/** Undefined after an error was sent. */
function choosePage(
  { response, url, parts }: Call,
  names: readonly string[],
  number = Number(url.searchParams.get('page') ?? 1),
): ListPage | undefined {
  const { faults } = parts;
  if (number > 1 && faults.happens('broken-page')) {
    send(response, 400, { message: 'broken' });
    return undefined;
  }
  const asked = url.searchParams.get('page_size') ?? url.searchParams.get('per_page') ?? 10;
  const size = faults.happens('short-pages') ? 2 : Math.min(Number(asked), maxPageItems);
  const from = (number - 1) * size;
  const page = names.slice(from, from + size);
  const isLast = from + size >= names.length && !faults.happens('endless-pages');
  return { names: page, number: faults.happens('endless-pages') ? 0 : number, isLast };
}

function bearerOf({ request }: Call): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function userOf({ request, parts }: Call): string | undefined {
  const coded = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const [user = '', password] = Buffer.from(coded, 'base64').toString('utf8').split(':');
  return parts.access.users?.[user] === password && password !== undefined ? user : undefined;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
