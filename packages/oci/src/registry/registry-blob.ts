/** Blobs of a registry as they are: whether one exists, and its bytes across lost connections. */
import { parseDigest } from '../reference/digest.ts';
import { isRepository } from '../reference/reference.ts';
import { SourceError } from '../source-error.ts';
import type { Clock } from './http/clock.ts';
import { type BlobOptions, openBlob } from './open-blob.ts';
import type { RegistryClient } from './registry-client.ts';

export interface RegistryBlob {
  readonly repository: string;
  readonly digest: string;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the repository has the blob. */
export async function hasBlob(client: RegistryClient, blob: RegistryBlob): Promise<boolean> {
  const { path, what } = describeBlob(client, blob);
  const { repository, signal } = blob;
  return client.repeat(async () => {
    const answer = await client.send({ method: 'HEAD', path, repository, what, signal });
    answer.drop();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await client.refuse(answer, what);
  }, signal);
}

/**
 * The bytes of a blob of a known size; the caller verifies the digest. Throws SourceError, also
 * while it is read.
 */
export async function readBlob(
  client: RegistryClient,
  blob: RegistryBlob & { readonly sizeBytes: number },
  clock: Clock,
): Promise<AsyncIterable<Uint8Array>> {
  const { signal } = blob;
  return openBlob({ ...blobServer(client, blob), clock, signal });
}

/** How a blob is requested, for `openBlob`. */
export function blobServer(
  client: RegistryClient,
  blob: RegistryBlob & { readonly sizeBytes: number },
): Pick<BlobOptions, 'server' | 'sizeBytes' | 'what'> {
  const { path, what } = describeBlob(client, blob);
  const { repository, sizeBytes } = blob;
  return {
    what,
    sizeBytes,
    server: {
      send: (headers, signal) => client.send({ path, repository, what, headers, signal }),
      pause: (error, attempt, signal) => client.pause(error, attempt, signal),
      refuse: (answer) => client.refuse(answer, what),
    },
  };
}

function describeBlob(client: RegistryClient, { repository, digest }: RegistryBlob) {
  if (!isRepository(repository) || parseDigest(digest) === undefined) {
    const text = `${repository}@${digest}`.slice(0, 120);
    throw new SourceError('unsupported', `invalid repository or digest "${text}"`);
  }
  const what = `the blob ${repository}@${digest} at ${client.host}`;
  return { path: `/v2/${repository}/blobs/${digest}`, what };
}
