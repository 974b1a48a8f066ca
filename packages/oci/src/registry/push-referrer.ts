/**
 * Attaches an artifact to a manifest (OCI 1.1): a manifest with `subject`. Where a registry has no
 * referrers API, the index under the referrers tag is extended, as the specification says.
 */
import { mediaTypes } from '../image/media-type.ts';
import { ociLimits } from '../limits.ts';
import { sha256Digest } from '../reference/digest.ts';
import { SourceError } from '../source-error.ts';
import { isRecord, parseUntrustedObject } from '../untrusted/untrusted-json.ts';
import { referrersTag } from './list-pages.ts';
import { pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import { readManifest } from './read-manifest.ts';
import type { RegistryClient } from './registry-client.ts';

export interface ReferrerUpload {
  readonly repository: string;
  readonly subject: {
    readonly mediaType: string;
    readonly digest: string;
    readonly sizeBytes: number;
  };
  readonly artifactType: string;
  readonly content: { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface PushedReferrer {
  /** Of the manifest of the artifact; the same for the same content. */
  readonly digest: string;
  /** How it is found. */
  readonly listedBy: 'referrers-api' | 'tag';
}

const emptyConfig = Buffer.from('{}');
const emptyType = 'application/vnd.oci.empty.v1+json';

/** Attaching the same content again changes nothing. Throws SourceError. */
export async function pushReferrer(
  client: RegistryClient,
  upload: ReferrerUpload,
): Promise<PushedReferrer> {
  const { repository, content, artifactType, annotations, signal } = upload;
  const bytes = describeArtifact(upload);
  for (const blob of [emptyConfig, content.bytes]) {
    await pushBlob(client, {
      ...{ repository, signal, digest: sha256Digest(blob), sizeBytes: blob.length },
      async *open(start, end) {
        yield blob.subarray(start, end);
      },
    });
  }
  const digest = sha256Digest(bytes);
  const mediaType = mediaTypes.ociManifest;
  const pushed = await pushManifest(client, {
    ...{ repository, selector: digest, bytes, mediaType, signal },
  });
  if (pushed.isReferrer) return { digest, listedBy: 'referrers-api' };
  const descriptor = { mediaType, digest, size: bytes.length, artifactType, annotations };
  await extendIndex(client, upload, descriptor);
  return { digest, listedBy: 'tag' };
}

function describeArtifact(upload: ReferrerUpload): Buffer {
  const { subject, artifactType, content, annotations } = upload;
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType,
    config: { mediaType: emptyType, digest: sha256Digest(emptyConfig), size: emptyConfig.length },
    layers: [
      {
        mediaType: content.mediaType,
        digest: sha256Digest(content.bytes),
        size: content.bytes.length,
      },
    ],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.sizeBytes },
    annotations,
  };
  return Buffer.from(JSON.stringify(manifest));
}

interface IndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Registries have no conditional writes of tags: another client may write between our read and our
 * write, so the index is read again after the write, until it names the entry.
 */
async function extendIndex(
  client: RegistryClient,
  { repository, subject, signal }: ReferrerUpload,
  entry: IndexEntry,
): Promise<void> {
  const selector = referrersTag(subject.digest);
  for (let attempt = 0; attempt < ociLimits.registryIndexAttempts; attempt += 1) {
    const entries = await readEntries(client, { repository, selector, signal });
    if (entries.some((one) => isRecord(one) && one.digest === entry.digest)) return;
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [...entries, entry],
    };
    const bytes = Buffer.from(JSON.stringify(index));
    const mediaType = mediaTypes.ociIndex;
    await pushManifest(client, { repository, selector, bytes, mediaType, signal });
  }
  const what = `the tag ${selector} of ${repository} at ${client.host}`;
  throw new SourceError('unreachable', `${what} was overwritten by others too many times`);
}

/** As they are written, with fields that this program does not know. */
async function readEntries(
  client: RegistryClient,
  place: { repository: string; selector: string; signal: AbortSignal | undefined },
): Promise<readonly unknown[]> {
  try {
    const { bytes, document } = await readManifest(client, place);
    const what = `the index ${place.repository}:${place.selector}`;
    if (document.kind !== 'index') throw new SourceError('damaged', `${what} is a manifest`);
    const { manifests } = parseUntrustedObject(bytes, {
      what,
      maxBytes: ociLimits.manifestBytesMax,
    });
    return Array.isArray(manifests) ? (manifests as unknown[]) : [];
  } catch (error) {
    if (error instanceof SourceError && error.code === 'not_found') return [];
    throw error;
  }
}
