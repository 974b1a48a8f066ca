/**
 * Image references, as Docker and containerd parse them: `[host[:port]/]path[:tag][@digest]`. A
 * first component without a dot, port or upper case letter that is not `localhost` is not a host
 * but a namespace of Docker Hub.
 */
import { limits } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { parseDigest } from './digest.ts';

export interface RegistryReference {
  /** As written in references: `docker.io`, `registry.lab:5000`, `[::1]:5000`. */
  readonly host: string;
  /** `library/debian`; at most 255 characters with the host. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export const dockerHub = 'docker.io';
const hubAliases: readonly string[] = [dockerHub, 'index.docker.io', 'registry-1.docker.io'];
const hostName = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?)(?::\d{1,5})?$/i;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** Throws SourceError `invalid_reference`, which names the invalid part. */
export function parseReference(text: string): RegistryReference {
  if (text.length > limits.referenceChars) throw bad(text.slice(0, 80), 'it is too long');
  const { name, tag, digest } = splitReference(text);
  if (digest !== undefined && parseDigest(digest) === undefined)
    throw bad(text, `invalid digest ${digest}`);
  if (tag !== undefined && !tagName.test(tag)) throw bad(text, `invalid tag ${tag}`);
  const { host, repository } = splitName(name);
  if (!isHost(host)) throw bad(text, `invalid host name ${host}`);
  if (!isRepository(repository)) throw bad(text, `invalid repository name ${repository}`);
  if (host.length + 1 + repository.length > ociLimits.repositoryNameChars) {
    throw bad(text, 'the name is too long');
  }
  return {
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full form with host and tag or digest; the tag is `latest` when neither is given. */
export function formatReference(reference: RegistryReference): string {
  const { host, repository, tag, digest } = reference;
  const named = tag === undefined ? '' : `:${tag}`;
  if (digest !== undefined) return `${host}/${repository}${named}@${digest}`;
  return `${host}/${repository}${named === '' ? ':latest' : named}`;
}

/** The tag or digest for the URL of the manifest. */
export function selectorOf({ tag, digest }: RegistryReference): string {
  return digest ?? tag ?? 'latest';
}

export function isHost(text: string): boolean {
  const port = /:(\d+)$/.exec(text)?.[1];
  if (!hostName.test(text) || text.includes('..') || Number(port ?? 1) > 65_535) return false;
  // `1.2.3.999` and `[1:2]` match the pattern but are not valid hosts.
  return URL.canParse(`https://${text}`);
}

export function isRepository(text: string): boolean {
  if (text.length > ociLimits.repositoryNameChars) return false;
  return text.split('/').every((part) => component.test(part));
}

export function isTag(text: string): boolean {
  return tagName.test(text);
}

/** Canonical host: in lower case, with the three names of Docker Hub treated as one. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return hubAliases.includes(lower) ? dockerHub : lower;
}

/** The host of the registry's API, which differs from the name for Docker Hub. */
export function apiHost(host: string): string {
  return host === dockerHub ? 'registry-1.docker.io' : host;
}

function splitReference(text: string): {
  name: string;
  tag: string | undefined;
  digest: string | undefined;
} {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const before = at < 0 ? text : text.slice(0, at);
  const colon = before.lastIndexOf(':');
  const hasTag = colon > before.lastIndexOf('/');
  return {
    name: hasTag ? before.slice(0, colon) : before,
    tag: hasTag ? before.slice(colon + 1) : undefined,
    digest,
  };
}

function splitName(name: string): { host: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHostPart = readsAsHost(first);
  const canonical = canonicalHost(isHostPart ? first : dockerHub);
  // In lower case `Lab` would be a namespace of Docker Hub.
  const host = readsAsHost(canonical) ? canonical : first;
  const path = isHostPart ? name.slice(slash + 1) : name;
  const repository = host === dockerHub && !path.includes('/') ? `library/${path}` : path;
  return { host, repository };
}

function readsAsHost(first: string): boolean {
  return /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function bad(text: string, why: string): SourceError {
  const wanted = 'expected host[:port]/repository[:tag][@digest]';
  return new SourceError(
    'invalid_reference',
    `invalid image reference "${text}": ${why}; ${wanted}`,
  );
}
