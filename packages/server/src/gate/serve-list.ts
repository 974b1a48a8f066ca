/** Passes on lists of the registry: tags, referrers, and repositories where that is allowed. */
import { SourceError } from '@lazaret/oci';
import { nextLink, type RegistryAnswer, type RegistryClient } from '@lazaret/oci/registry';

import { send, type Call } from './call.ts';
import { GateError, upstreamError } from './gate-error.ts';
import { gateLimits } from './limits.ts';
import type { Upstream } from './upstreams.ts';

export interface List {
  readonly client: RegistryClient;
  readonly repository: string;
  /** At the registry: `/v2/lab/app/tags/list`. */
  readonly path: string;
  /** At the gate. */
  readonly publicPath: string;
  /** Of the repository at the gate, for the field `name` of the list. */
  readonly name?: string;
}

/** Parameters that are passed on. */
const parameters = ['n', 'last', 'artifactType'] as const;

export function tagList({ client, repository, name }: Upstream): List {
  const path = `/v2/${repository}/tags/list`;
  return { client, repository, path, publicPath: `/v2/${name}/tags/list`, name };
}

export function referrerList({ client, repository, name }: Upstream, digest: string): List {
  const path = `/v2/${repository}/referrers/${digest}`;
  return { client, repository, path, publicPath: `/v2/${name}/referrers/${digest}` };
}

export function catalogList(client: RegistryClient): List {
  return { client, repository: '', path: '/v2/_catalog', publicPath: '/v2/_catalog' };
}

/** Throws GateError. */
export async function serveList(call: Call, list: List): Promise<void> {
  const { client, path, repository } = list;
  const what = `${path} at ${client.host}`;
  const query = queryOf(call.url.searchParams);
  const request = { path: `${path}${query}`, repository, what, signal: call.signal };
  try {
    const answer = await client.repeat(() => client.send(request), call.signal);
    if (answer.status !== 200) {
      const refused = await client.refuse(answer, what);
      if (!isCallersFault(answer.status)) throw refused;
      // What the registry says, without what it may repeat of the credentials of the gate.
      const { body, headers } = new GateError('UNSUPPORTED', refused.message);
      const json = { ...headers, 'content-type': 'application/json' };
      send(call, { status: answer.status, headers: json, body });
      return;
    }
    const body = await readList(answer, what);
    const headers = { ...headersOf(answer), ...linkOf(call, list, answer) };
    send(call, { headers, body: renamed(body, list.name) });
  } catch (error) {
    if (error instanceof SourceError) throw upstreamError(error, 'NAME_UNKNOWN');
    throw error;
  }
}

/** An invalid parameter, for example: the registry says what is wrong. */
function isCallersFault(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 429].includes(status);
}

function queryOf(given: URLSearchParams): string {
  const passed = new URLSearchParams();
  for (const name of parameters) {
    const value = given.get(name);
    if (value !== null) passed.set(name, value);
  }
  return passed.size === 0 ? '' : `?${passed.toString()}`;
}

async function readList({ body }: RegistryAnswer, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > gateLimits.listBytes) {
      throw new SourceError('too_large', `${what} exceeds ${gateLimits.listBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(answer: RegistryAnswer): Record<string, string> {
  const names = ['content-type', 'oci-filters-applied'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const [value] = answer.header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The next page is asked for at the gate. */
function linkOf(
  { namespace }: Call,
  { publicPath, client }: List,
  answer: RegistryAnswer,
): { readonly link?: string } {
  const target = nextLink(answer.header('link'));
  if (target === undefined) return {};
  const url = target === null ? null : URL.parse(target, `https://${client.host}`);
  if (url === null) throw new GateError('UNKNOWN', `${client.host} sent an invalid Link header`);
  const query = new URLSearchParams(queryOf(url.searchParams));
  if (namespace !== undefined) query.set('ns', namespace);
  return { link: `<${publicPath}?${query.toString()}>; rel="next"` };
}

/** The list names the repository as the client does. */
function renamed(body: Buffer, name: string | undefined): Buffer | string {
  if (name === undefined) return body;
  try {
    const list = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return list['name'] === name ? body : JSON.stringify({ ...list, name });
  } catch {
    return body;
  }
}
