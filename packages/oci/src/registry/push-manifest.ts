/** Pushes and deletes manifests: exact bytes, by digest or by tag. */
import { ociLimits } from '../limits.ts';
import { parseDigest, sha256Digest, verifyDigest } from '../reference/digest.ts';
import { isRepository, isTag } from '../reference/reference.ts';
import { SourceError } from '../source-error.ts';
import { errorCode } from './http/failure.ts';
import { readBeginning } from './http/read-body.ts';
import { manifestAccept } from './read-manifest.ts';
import type { RegistryClient } from './registry-client.ts';

interface ManifestPlace {
  readonly repository: string;
  /** A tag or a digest. */
  readonly selector: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ManifestUpload extends ManifestPlace {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface PushedManifest {
  /** As the registry says, and otherwise of the bytes. */
  readonly digest: string;
  /** Whether the registry added it to the referrers of its subject. */
  readonly isReferrer: boolean;
}

/** Throws SourceError; `digest_mismatch` when the registry stored other bytes. */
export async function pushManifest(
  client: RegistryClient,
  upload: ManifestUpload,
): Promise<PushedManifest> {
  const { bytes, mediaType, selector, signal } = upload;
  const { path, repository, what } = describe(client, upload);
  const isPinned = parseDigest(selector) !== undefined;
  if (isPinned) verifyDigest(bytes, selector, what);
  const answer = await client.repeat(async () => {
    const sent = await client.send({
      ...{ method: 'PUT', path, repository, what: `the push of ${what}`, signal },
      headers: { 'content-type': mediaType },
      body: {
        sizeBytes: bytes.length,
        async *open() {
          yield bytes;
        },
      },
    });
    if (sent.status !== 201 && sent.status !== 202) {
      throw await client.refuse(sent, `the push of ${what}`);
    }
    sent.drop();
    return sent;
  }, signal);
  const digest = isPinned ? selector : sha256Digest(bytes);
  const said = answer.header('docker-content-digest')[0];
  if (said !== undefined && parseDigest(said)?.algorithm === digest.split(':')[0]) {
    if (said === digest) return { digest, isReferrer: isReferrer(answer.header('oci-subject')) };
    throw new SourceError('digest_mismatch', `${what} was stored as ${said}, not ${digest}`);
  }
  return { digest, isReferrer: isReferrer(answer.header('oci-subject')) };
}

function isReferrer(subject: readonly string[]): boolean {
  return subject.length > 0;
}

export type DeletionResult =
  /** The registry accepted it. */
  | 'deleted'
  /** There is no such manifest. */
  | 'absent'
  /** The registry does not delete at all (405). */
  | 'disabled'
  /** It does not delete by tag, or not while an index names the manifest. */
  | 'refused';

/**
 * Deletes a manifest by digest, with all tags that point to it; or, where a registry supports it, a
 * tag alone. That a deletion was accepted does not prove that the manifest is gone. Throws
 * SourceError, `unauthorized` when the credentials do not allow it.
 */
export async function deleteManifest(
  client: RegistryClient,
  place: ManifestPlace,
): Promise<DeletionResult> {
  const { path, repository, what } = describe(client, place);
  const { signal } = place;
  return client.repeat(async () => {
    const request = { method: 'DELETE', path, repository, signal } as const;
    const answer = await client.send({ ...request, what: `the deletion of ${what}` });
    const result = deletionResults.get(answer.status);
    if (result === undefined) throw await client.refuse(answer, `the deletion of ${what}`);
    if (result !== 'disabled') answer.drop();
    if (result !== 'disabled') return result;
    const { message } = await client.refuse(answer, what);
    // zot answers 405 for the child of an index too.
    return /referenced|index/i.test(message.slice(what.length)) ? 'refused' : 'disabled';
  }, signal);
}

const deletionResults: ReadonlyMap<number, DeletionResult> = new Map([
  [200, 'deleted'],
  [202, 'deleted'],
  [204, 'deleted'],
  [404, 'absent'],
  [405, 'disabled'],
  [400, 'refused'],
]);

/** Whether the manifest exists, by HEAD. */
export async function hasManifest(client: RegistryClient, place: ManifestPlace): Promise<boolean> {
  const { path, repository, what } = describe(client, place);
  const { signal } = place;
  const headers = { accept: manifestAccept };
  return client.repeat(async () => {
    const answer = await client.send({ method: 'HEAD', path, repository, what, headers, signal });
    answer.drop();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await client.refuse(answer, what);
  }, signal);
}

/**
 * Whether the registry says that it has no such manifest. "Not found" alone does not: some
 * registries answer it for repositories that a client may not read.
 */
export async function isManifestUnknown(
  client: RegistryClient,
  place: ManifestPlace,
): Promise<boolean> {
  const { path, repository, what } = describe(client, place);
  const { signal } = place;
  const headers = { accept: manifestAccept };
  return client.repeat(async () => {
    const answer = await client.send({ method: 'GET', path, repository, what, headers, signal });
    if (answer.status === 404) {
      const body = await readBeginning(answer.body, ociLimits.registryErrorBytes);
      return errorCode(body) === 'MANIFEST_UNKNOWN';
    }
    if (answer.status >= 400) throw await client.refuse(answer, what);
    answer.drop();
    return false;
  }, signal);
}

function describe(client: RegistryClient, { repository, selector }: ManifestPlace) {
  const isDigest = parseDigest(selector) !== undefined;
  if (!isRepository(repository) || (!isDigest && !isTag(selector))) {
    const text = `${repository}:${selector}`.slice(0, 200);
    throw new SourceError('unsupported', `invalid repository, tag or digest "${text}"`);
  }
  const what = `the manifest ${repository}${isDigest ? '@' : ':'}${selector} at ${client.host}`;
  return { path: `/v2/${repository}/manifests/${selector}`, repository, what };
}
