/** The tags of a repository with the digests that they have now. */
import { createConcurrencyGate } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import { headManifest, listTagDigests, type RegistryClient } from '@lazaret/oci/registry';

import { actionLimits } from './limits.ts';

/** Asks for each tag unless the list itself has the digests. Throws SourceError. */
export async function readTagDigests(
  client: RegistryClient,
  repository: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { tags, digests } = await listTags(client, repository, signal);
  if (tags.length > actionLimits.tags) {
    const what = `${repository} at ${client.host}`;
    throw new SourceError(
      'too_large',
      `${what} has ${tags.length} tags (limit ${actionLimits.tags})`,
    );
  }
  const found = new Map<string, string>();
  const gate = createConcurrencyGate(actionLimits.requestsAtOnce);
  await Promise.all(
    tags.map((tag) =>
      gate.run(async () => {
        const digest = digests.get(tag) ?? (await readTag(client, { repository, tag, signal }));
        if (digest !== undefined) found.set(tag, digest);
      }),
    ),
  );
  return found;
}

/** The digest of a tag; undefined when there is no such tag. */
export async function readTag(
  client: RegistryClient,
  { repository, tag, signal }: { repository: string; tag: string; signal: AbortSignal },
): Promise<string | undefined> {
  try {
    return (await headManifest(client, { repository, selector: tag, signal })).digest;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function listTags(client: RegistryClient, repository: string, signal: AbortSignal) {
  try {
    return await listTagDigests(client, repository, { signal });
  } catch (error) {
    // Some registries answer 404 for a repository without tags.
    if (isNotFound(error)) return { tags: [], digests: new Map<string, string>() };
    throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof SourceError && error.code === 'not_found';
}
