/**
 * How the repositories of a registry are listed: by the API of its product where the catalog is
 * missing or shown to administrators only, by the catalog otherwise.
 */
import { SourceError } from '@lazaret/oci';
import {
  listProductRepositories,
  listRepositories,
  productApiNames,
  type ProductApiName,
  type RegistryClient,
} from '@lazaret/oci/registry';
import type { RegistryKind } from '@lazaret/protocol';

import { isRegistryWide, toProblem } from './problem.ts';
import type { WatchScope } from './repository-patterns.ts';

export interface ListedRepositories {
  readonly repositories: readonly string[];
  /** For messages: `the catalog`. */
  readonly list: string;
  /** What the list cannot contain. */
  readonly limitation?: string | undefined;
}

interface ProductTraits {
  readonly title: string;
  /** Lists the repositories of given namespaces only. */
  readonly needsNamespace: boolean;
  /** Whether there is a catalog besides. */
  readonly hasCatalog: boolean;
}

const traits: Readonly<Record<ProductApiName, ProductTraits>> = {
  'docker-hub': { title: 'Docker Hub', needsNamespace: true, hasCatalog: false },
  harbor: { title: 'Harbor', needsNamespace: false, hasCatalog: true },
  quay: { title: 'Quay', needsNamespace: true, hasCatalog: true },
  ghcr: { title: 'GitHub', needsNamespace: true, hasCatalog: false },
};

/** Throws SourceError when no list can be read completely. */
export async function listWatchable(
  client: RegistryClient,
  about: {
    readonly kind: RegistryKind;
    readonly scope: WatchScope;
    readonly signal: AbortSignal;
  },
): Promise<ListedRepositories> {
  const { kind, scope, signal } = about;
  const api = productApiNames.find((one) => one === kind);
  if (api === undefined) return listCatalog(client, signal);
  const { title, needsNamespace, hasCatalog } = traits[api];
  const { namespaces } = scope;
  if (needsNamespace && namespaces === undefined) {
    if (hasCatalog) return listCatalog(client, signal);
    const expected = 'expected patterns that begin with a namespace, such as NAMESPACE/**';
    throw new SourceError('unsupported', `${title} has no list of all repositories: ${expected}`);
  }
  try {
    const { repositories, limitation } = await listProductRepositories(client, {
      ...{ api, namespaces, signal },
    });
    return { repositories, list: `the API of ${title}`, limitation };
  } catch (error) {
    if (!(error instanceof SourceError) || !hasCatalog) throw error;
    if (isRegistryWide(toProblem(error))) throw error;
    // The error of the API says what to do about the product.
    return await listCatalog(client, signal).catch(() => Promise.reject(error));
  }
}

async function listCatalog(
  client: RegistryClient,
  signal: AbortSignal,
): Promise<ListedRepositories> {
  return { repositories: await listRepositories(client, { signal }), list: 'the catalog' };
}
