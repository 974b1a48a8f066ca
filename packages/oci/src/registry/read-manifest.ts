/** Reads manifests and small blobs and verifies their digests. */
import type { RegistryTransport } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { parseDigest, sha256Digest, verifyDigest } from '../reference/digest.ts';
import {
  type Descriptor,
  embeddedBytes,
  type Index,
  type Manifest,
  parseManifest,
  plainMediaType,
} from '../image/manifest.ts';
import { mediaTypes } from '../image/media-type.ts';
import type { RegistryClient } from './registry-client.ts';

/** Sent with every manifest request: without it some registries convert or select. */
export const manifestAccept: string = [...mediaTypes.documents.keys()].join(', ');

export interface FetchedManifest {
  /** Digest of the received bytes; used for all later requests, even if the tag moves. */
  readonly digest: string;
  readonly bytes: Buffer;
  readonly document: Manifest | Index;
  /** The transport; absent when it was embedded in its descriptor. */
  readonly transport?: RegistryTransport;
}

export interface ManifestRequest {
  readonly repository: string;
  /** A tag or a digest. */
  readonly selector: string;
  /** The descriptor of the manifest, if known. */
  readonly descriptor?: Descriptor;
  readonly signal?: AbortSignal | undefined;
}

/** Throws SourceError, `digest_mismatch` when the bytes do not match the digest. */
export async function readManifest(
  client: RegistryClient,
  request: ManifestRequest,
): Promise<FetchedManifest> {
  const { repository, selector, descriptor, signal } = request;
  const isPinned = parseDigest(selector) !== undefined;
  const what = `the manifest ${repository}${isPinned ? '@' : ':'}${selector} at ${client.host}`;
  const embedded = descriptor === undefined ? undefined : embeddedContent(descriptor);
  if (embedded !== undefined) return describe(embedded, { what, digest: selector, descriptor });
  const path = `/v2/${repository}/manifests/${selector}`;
  const headers = { accept: manifestAccept };
  const asked = { path, repository, what, headers, signal };
  const answer = await client.read(asked, {
    maxBytes: ociLimits.manifestBytesMax,
    sizeBytes: descriptor?.sizeBytes,
  });
  const { bytes } = answer;
  const said = answer.header('docker-content-digest');
  const digest = isPinned ? selector : sha256Digest(bytes);
  for (const one of [isPinned ? selector : undefined, said]) {
    if (one !== undefined && parseDigest(one) !== undefined) verifyDigest(bytes, one, what);
  }
  const origin = { what, digest, descriptor, contentType: answer.header('content-type') };
  return { ...describe(bytes, origin), transport: answer.transport };
}

/** A configuration or another small blob. */
export async function readSmallBlob(
  client: RegistryClient,
  request: {
    readonly repository: string;
    readonly descriptor: Descriptor;
    readonly maxBytes: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Buffer> {
  const { repository, descriptor, maxBytes, signal } = request;
  const { digest, sizeBytes } = descriptor;
  const what = `the blob ${repository}@${digest} at ${client.host}`;
  if (sizeBytes > maxBytes) {
    throw new SourceError('too_large', `${what} has ${sizeBytes} bytes (limit ${maxBytes})`);
  }
  const embedded = embeddedContent(descriptor);
  if (embedded !== undefined) return embedded;
  const path = `/v2/${repository}/blobs/${digest}`;
  const { bytes } = await client.read({ path, repository, what, signal }, { maxBytes, sizeBytes });
  verifyDigest(bytes, digest, what);
  return bytes;
}

/** The `data` of a descriptor when valid; otherwise the content is fetched. */
export function embeddedContent(descriptor: Descriptor): Buffer | undefined {
  try {
    return embeddedBytes(descriptor);
  } catch {
    return undefined;
  }
}

interface Origin {
  readonly what: string;
  readonly digest: string;
  readonly descriptor: Descriptor | undefined;
  /** From the header of the response. */
  readonly contentType?: string | undefined;
}

/**
 * The header, the descriptor and the document may omit the media type, but must agree on the kind
 * of document (CVE-2021-41190: one document, two interpretations).
 */
function describe(bytes: Buffer, origin: Origin): FetchedManifest {
  const { what, digest, descriptor, contentType } = origin;
  const header = contentType === undefined ? '' : plainMediaType(contentType);
  const known = mediaTypes.documents.has(header) ? header : descriptor?.mediaType;
  try {
    const document = parseManifest(bytes, known === '' ? undefined : known);
    const listed = mediaTypes.documents.get(descriptor?.mediaType ?? '');
    if (listed === undefined || listed === document.kind) return { digest, bytes, document };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new SourceError(error.code, `${what}: ${error.message}`);
  }
  throw new SourceError('damaged', `${what} does not have the kind stated in its index`);
}
