/**
 * Lists of repositories by the APIs of products whose registry has no catalog, or shows it to
 * administrators only. As with other lists, a failed page is an error and never a shorter list.
 *
 * Docker Hub: `POST /v2/auth/token`, `GET /v2/repositories/NAMESPACE/`. Harbor 2: `GET
 * /api/v2.0/repositories`, or of a project. Quay: `GET /api/v1/repository`, which takes tokens of
 * applications only. GitHub: `GET /orgs/OWNER/packages`, or of a user.
 */
import { z } from 'zod';

import { ociLimits } from '../limits.ts';
import { isRepository } from '../reference/reference.ts';
import { SourceError } from '../source-error.ts';
import type { Credential } from './auth/credential.ts';
import { nextLink } from './link-header.ts';
import type { ApiAnswer, RegistryClient } from './registry-client.ts';

export const productApiNames = ['docker-hub', 'harbor', 'quay', 'ghcr'] as const;
export type ProductApiName = (typeof productApiNames)[number];

export interface ProductList {
  readonly repositories: readonly string[];
  /** What the list cannot contain. */
  readonly limitation?: string;
}

export interface ProductListRequest {
  readonly api: ProductApiName;
  /** Whose repositories to list; undefined for all, which only Harbor can. */
  readonly namespaces: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of products whose API has a host of its own, instead of the public ones. */
  readonly origins?: Readonly<Partial<Record<ProductApiName, string>>>;
}

/** Throws SourceError instead of returning a partial list. */
export async function listProductRepositories(
  client: RegistryClient,
  request: ProductListRequest,
): Promise<ProductList> {
  const { api, namespaces, signal, origins = {} } = request;
  const origin = origins[api] ?? (await originOf(client, api));
  const credential = await client.findCredential(signal);
  const session = { client, origin, credential, signal };
  return products[api]({ ...session, names: new Set<string>() }, namespaces);
}

interface PublicApi {
  readonly origin: string;
  /** The registries to which it belongs. */
  readonly hosts: readonly string[];
}

const publicApis: Readonly<Partial<Record<ProductApiName, PublicApi>>> = {
  'docker-hub': {
    origin: 'https://hub.docker.com',
    hosts: ['docker.io', 'index.docker.io', 'registry-1.docker.io'],
  },
  ghcr: { origin: 'https://api.github.com', hosts: ['ghcr.io'] },
};

/** The credentials of a mirror or another installation are not sent to the public service. */
async function originOf(client: RegistryClient, api: ProductApiName): Promise<string> {
  const known = publicApis[api];
  if (known === undefined) return (await client.resolve('/')).origin;
  if (known.hosts.includes(client.host)) return known.origin;
  const { host } = new URL(known.origin);
  throw new SourceError(
    'unsupported',
    `the API of ${host} lists the repositories of ${known.hosts[0] ?? host} only, not of ` +
      `${client.host}: set the kind of this registry to distribution, or name its repositories`,
  );
}

const pageItems = 100;

interface Session {
  readonly client: RegistryClient;
  readonly origin: string;
  readonly credential: Credential | undefined;
  readonly signal: AbortSignal | undefined;
  /** What was found. */
  readonly names: Set<string>;
}

type Product = (
  session: Session,
  namespaces: readonly string[] | undefined,
) => Promise<ProductList>;

const products: Readonly<Record<ProductApiName, Product>> = {
  'docker-hub': listDockerHub,
  harbor: listHarbor,
  quay: listQuay,
  ghcr: listGithub,
};

function finish({ names }: Session, limitation?: string): ProductList {
  return { repositories: [...names], ...(limitation !== undefined && { limitation }) };
}

const hubToken = z.object({ access_token: z.string().min(1) });
const hubPage = z.object({
  next: z.string().nullish(),
  results: z.array(z.object({ name: z.string() })),
});

async function listDockerHub(session: Session, namespaces: readonly string[] = []) {
  const { credential } = session;
  const headers = await signInToHub(session);
  for (const namespace of namespaces) {
    const what = `the repositories of ${namespace} at Docker Hub`;
    const seen = new Set<string>();
    let path = `/v2/repositories/${encodeURIComponent(namespace)}/?page_size=${pageItems}`;
    while (path !== '') {
      const answer = await get(session, { path: checkCycle(path, seen, what), what, headers });
      const { next, results } = readPage(hubPage, answer, what);
      addNames(
        session,
        what,
        results.map(({ name }) => `${namespace}/${name}`),
      );
      path = next ?? '';
    }
  }
  const isAnonymous = credential === undefined;
  return finish(session, isAnonymous ? 'private repositories need credentials' : undefined);
}

/** Tokens of the registry are not valid for the API. */
async function signInToHub({ client, origin, credential, signal }: Session) {
  if (credential?.kind !== 'password') return {};
  const what = 'the sign-in to the API of Docker Hub';
  const { username: identifier, password: secret } = credential;
  const answer = await client.callApi({
    ...{ method: 'POST', url: new URL('/v2/auth/token', origin), what, signal },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier, secret }),
  });
  return { authorization: `Bearer ${readPage(hubToken, answer, what).access_token}` };
}

const harborPage = z.array(z.object({ name: z.string() }));

async function listHarbor(session: Session, namespaces?: readonly string[]) {
  const { credential } = session;
  const headers = credential?.kind === 'password' ? basic(credential) : {};
  const query = `?page=1&page_size=${pageItems}`;
  const paths =
    namespaces?.map((one) => [`/projects/${encodeURIComponent(one)}/repositories`, one] as const) ??
    ([['/repositories', 'all projects']] as const);
  for (const [path, about] of paths) {
    const what = `the repositories of ${about} by the API of Harbor at ${session.client.host}`;
    const start = `/api/v2.0${path}${query}`;
    for await (const page of linkedPages(session, { path: start, what, headers })) {
      addNames(
        session,
        what,
        readPage(harborPage, page, what).map(({ name }) => name),
      );
    }
  }
  const isAnonymous = credential?.kind !== 'password';
  return finish(session, isAnonymous ? 'private projects need a user and password' : undefined);
}

const quayPage = z.object({
  repositories: z.array(z.object({ namespace: z.string(), name: z.string() })),
  next_page: z.string().nullish(),
});

/** Quay takes the token of an application as the password of this user. */
const quayTokenUser = '$oauthtoken';

async function listQuay(session: Session, namespaces: readonly string[] = []) {
  const { credential, client } = session;
  const token = quayTokenOf(credential);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  for (const namespace of namespaces) {
    const what = `the repositories of ${namespace} by the API of Quay at ${client.host}`;
    const base = `/api/v1/repository?namespace=${encodeURIComponent(namespace)}&public=true`;
    const seen = new Set<string>();
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const more = cursor === '' ? '' : `&next_page=${encodeURIComponent(cursor)}`;
      const answer = await get(session, { path: `${base}${more}`, what, headers });
      const { repositories, next_page: next } = readPage(quayPage, answer, what);
      addNames(
        session,
        what,
        repositories.map((one) => `${one.namespace}/${one.name}`),
      );
      cursor = isEmpty(next) ? undefined : checkCycle(next ?? '', seen, what);
    }
  }
  const limitation = `private repositories need the token of an application, as user ${quayTokenUser}`;
  return finish(session, token === undefined ? limitation : undefined);
}

function quayTokenOf(credential: Credential | undefined): string | undefined {
  if (credential?.kind === 'bearer') return credential.token;
  const isToken = credential?.kind === 'password' && credential.username === quayTokenUser;
  return isToken ? credential.password : undefined;
}

const githubPage = z.array(z.object({ name: z.string() }));

async function listGithub(session: Session, namespaces: readonly string[] = []) {
  const { credential } = session;
  if (credential?.kind !== 'password') {
    const expected = 'expected a user and a token with read:packages';
    throw new SourceError(
      'unauthorized',
      `the API of GitHub lists nothing anonymously: ${expected}`,
    );
  }
  const headers = {
    ...{ accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    // GitHub refuses requests without one.
    'user-agent': 'lazaret',
    authorization: `Bearer ${credential.password}`,
  };
  for (const owner of namespaces) {
    const what = `the container packages of ${owner} at GitHub`;
    const pathOf = (kind: 'orgs' | 'users'): string =>
      `/${kind}/${encodeURIComponent(owner)}/packages?package_type=container&per_page=${pageItems}`;
    try {
      await addPackages(session, owner, { path: pathOf('orgs'), what, headers });
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== 'not_found') throw error;
      await addPackages(session, owner, { path: pathOf('users'), what, headers });
    }
  }
  return finish(session);
}

async function addPackages(session: Session, owner: string, request: ApiRequest): Promise<void> {
  const { what } = request;
  for await (const page of linkedPages(session, request)) {
    const found = readPage(githubPage, page, what);
    addNames(
      session,
      what,
      found.map(({ name }) => `${owner}/${name}`.toLowerCase()),
    );
  }
}

interface ApiRequest {
  readonly path: string;
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
}

function get({ client, origin, signal }: Session, { path, what, headers }: ApiRequest) {
  const url = URL.parse(path, origin);
  if (url === null) throw new SourceError('damaged', `${what}: the next page has no valid address`);
  if (url.origin !== origin) {
    throw new SourceError('damaged', `${what}: the next page is at a different host`);
  }
  return client.callApi({ method: 'GET', url, what, signal, headers });
}

/** Follows `Link` headers within the API; a cycle of links is an error and not the end. */
async function* linkedPages(session: Session, request: ApiRequest): AsyncGenerator<ApiAnswer> {
  const { what } = request;
  const seen = new Set<string>();
  let path: string | undefined = request.path;
  while (path !== undefined) {
    const answer = await get(session, { ...request, path: checkCycle(path, seen, what) });
    yield answer;
    const link = nextLink(answer.headers('link'));
    if (link === null) throw new SourceError('damaged', `${what}: invalid Link header`);
    path = link;
  }
}

function checkCycle(next: string, seen: Set<string>, what: string): string {
  if (!seen.has(next) && seen.size < ociLimits.registryPages) {
    seen.add(next);
    return next;
  }
  throw new SourceError('damaged', `${what}: too many pages or a cycle of links`);
}

function isEmpty(next: string | null | undefined): boolean {
  return next === null || next === undefined || next === '';
}

function readPage<T>(shape: z.ZodType<T>, { bytes }: ApiAnswer, what: string): T {
  try {
    return shape.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw new SourceError('damaged', `${what}: malformed page`);
  }
}

/** Names may be untrusted, and become part of URL paths. */
function addNames({ names }: Session, what: string, found: readonly string[]): void {
  for (const name of found) if (isRepository(name)) names.add(name);
  if (names.size <= ociLimits.registryListItems) return;
  const message = `${what}: more than ${ociLimits.registryListItems} items`;
  throw new SourceError('too_large', message);
}

function basic({ username, password }: { readonly username: string; readonly password: string }) {
  const coded = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorization: `Basic ${coded}` };
}
