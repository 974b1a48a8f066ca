/**
 * Manifests and indexes, as stored in registries, layouts and archives. Sources: OCI image
 * specification 1.1 (descriptor, manifest, image-index), Docker image manifest version 2 schema 2.
 * Media types are checked against the content and never trusted alone: a document that could be
 * read as two kinds is refused (CVE-2021-41190).
 */
import { limits } from '@lazaret/protocol';

import type { Platform } from '@lazaret/protocol';

import { z } from 'zod';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { parseDigest, verifyDigest } from '../reference/digest.ts';

import { isRecord, parseUntrustedObject, refuseCaseVariants } from '../untrusted/untrusted-json.ts';

import { mediaTypes } from './media-type.ts';

import { untrustedPlatform } from './platform.ts';

/** A descriptor in a manifest or an index. */
export interface Descriptor {
  /** Without parameters, in lower case; empty when the document has none. */
  readonly mediaType: string;
  /** Well-formed, with a supported algorithm. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Other locations of the bytes: untrusted, fetched only from allowed hosts. */
  readonly urls?: readonly string[];
  /** Embedded content in base64, not yet verified: see `embeddedBytes`. */
  readonly data?: string;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Digest of the manifest that this manifest refers to. */
  readonly subject?: string;
}

export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly children: readonly Descriptor[];
  /** Number of children beyond the limit, which are omitted from `children`. */
  readonly omitted: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

const documentKeys = [
  ...['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'annotations'],
  ...['artifactType', 'subject', 'fsLayers', 'blobs'],
];
const descriptorKeys = [
  ...['mediaType', 'digest', 'size', 'platform', 'annotations', 'artifactType', 'urls', 'data'],
];

/**
 * Parses a manifest or an index. `mediaType` is the media type of the descriptor or the
 * Content-Type of the response, if any. Throws SourceError `damaged`, `too_large`, or `unsupported`
 * (schema 1, and documents that are neither).
 */
export function parseManifest(bytes: Buffer, mediaType?: string): Manifest | Index {
  const bounds = { what: 'the manifest', maxBytes: ociLimits.manifestBytesMax };
  const document = parseUntrustedObject(bytes, bounds);
  refuseCaseVariants(document, documentKeys, bounds.what);
  const inner = typeof document.mediaType === 'string' ? plainMediaType(document.mediaType) : '';
  const claimed = mediaType === undefined ? '' : plainMediaType(mediaType);
  const kind = documentKind(document);
  for (const said of [inner, claimed]) {
    const meant = mediaTypes.documents.get(said);
    if (meant !== undefined && meant !== kind) {
      throw damaged(
        `the media type is ${said}, but the content is ${kind === 'index' ? 'an index' : 'a manifest'}`,
      );
    }
  }
  const type = inner === '' ? claimed : inner;
  return kind === 'index' ? readIndex(document, type) : readManifest(document, type);
}

/** Parses an index, such as the `index.json` of a layout. Throws SourceError otherwise. */
export function parseIndex(bytes: Buffer, mediaType?: string): Index {
  const document = parseManifest(bytes, mediaType ?? mediaTypes.ociIndex);
  if (document.kind === 'index') return document;
  throw damaged('expected an index, got a manifest');
}

/** The embedded bytes of a descriptor, verified; undefined when it has none. Throws SourceError. */
export function embeddedBytes({ data, digest, sizeBytes }: Descriptor): Buffer | undefined {
  if (data === undefined) return undefined;
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length !== sizeBytes) {
    const message = `${digest} embedded data: size mismatch: expected ${sizeBytes} bytes, got ${bytes.length}`;
    throw new SourceError('digest_mismatch', message);
  }
  verifyDigest(bytes, digest, 'the embedded data');
  return bytes;
}

/** A media type without its parameters, in lower case. */
export function plainMediaType(text: string): string {
  const semicolon = text.indexOf(';');
  return (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
}

function documentKind(document: Readonly<Record<string, unknown>>): 'index' | 'manifest' {
  if (document.schemaVersion === 1 || document.fsLayers !== undefined) {
    const message =
      'unsupported manifest schema version 1, which container engines no longer run; push the ' +
      'image again with a current client';
    throw new SourceError('unsupported', message);
  }
  const isIndex = document.manifests !== undefined && document.manifests !== null;
  const isManifest = ['config', 'layers'].some((key) => isGiven(document[key]));
  if (isIndex && isManifest) throw damaged('the document is both a manifest and an index');
  if (isIndex) return 'index';
  if (isManifest) return 'manifest';
  // An index without children may omit the list.
  const said = document.mediaType;
  if (typeof said === 'string' && mediaTypes.documents.get(plainMediaType(said)) === 'index') {
    return 'index';
  }
  throw new SourceError('unsupported', 'the document is neither a manifest nor an index');
}

function readManifest(document: Readonly<Record<string, unknown>>, mediaType: string): Manifest {
  const layers = readList(document.layers, 'layers');
  if (layers.length > limits.layersPerImage) {
    const message = `the image has ${layers.length} layers (limit ${limits.layersPerImage})`;
    throw new SourceError('too_large', message);
  }
  const { subject } = document;
  const about = isRecord(subject) && typeof subject.digest === 'string' ? subject.digest : '';
  return {
    kind: 'manifest',
    mediaType: mediaType === '' ? mediaTypes.ociManifest : mediaType,
    config: readDescriptor(document.config, 'config'),
    layers: layers.map((layer, index) => readDescriptor(layer, `layer ${index}`)),
    ...readExtras(document),
    ...(parseDigest(about) === undefined ? {} : { subject: about }),
  };
}

function readIndex(document: Readonly<Record<string, unknown>>, mediaType: string): Index {
  const manifests = readList(document.manifests, 'manifests');
  const kept = manifests.slice(0, ociLimits.indexChildren);
  return {
    kind: 'index',
    mediaType: mediaType === '' ? mediaTypes.ociIndex : mediaType,
    children: kept.map((child, index) => readDescriptor(child, `child ${index}`)),
    omitted: manifests.length - kept.length,
    ...readExtras(document),
  };
}

function readList(value: unknown, key: string): readonly unknown[] {
  if (!isGiven(value)) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw damaged(`"${key}" of the manifest is not an array`);
}

const texts = z.record(z.string(), z.string());

const descriptor = z.object({
  mediaType: z.string().default('').transform(plainMediaType),
  digest: z
    .string()
    .refine((text) => parseDigest(text) !== undefined, { message: 'invalid digest' }),
  size: z.int().nonnegative(),
  platform: untrustedPlatform.optional().catch(undefined),
  urls: z.array(z.string()).optional().catch(undefined),
  data: z.string().optional().catch(undefined),
});

function readDescriptor(value: unknown, what: string): Descriptor {
  if (!isRecord(value)) throw damaged(`${what} of the manifest is not a descriptor`);
  refuseCaseVariants(value, descriptorKeys, `the descriptor of ${what}`);
  const parsed = descriptor.safeParse(value);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw damaged(`the descriptor of ${what} is invalid at "${where}"`);
  }
  const { mediaType, digest, size, platform, urls, data } = parsed.data;
  return {
    mediaType,
    digest,
    sizeBytes: size,
    ...(platform === undefined ? {} : { platform }),
    ...(urls === undefined || urls.length === 0 ? {} : { urls }),
    ...(data === undefined ? {} : { data }),
    ...readExtras(value),
  };
}

interface Extras {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

function readExtras(object: Readonly<Record<string, unknown>>): Extras {
  const annotations = texts.safeParse(object.annotations);
  const { artifactType } = object;
  const named = typeof artifactType === 'string' && artifactType !== '';
  return {
    ...(annotations.success ? { annotations: annotations.data } : {}),
    ...(named ? { artifactType } : {}),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function damaged(message: string): SourceError {
  return new SourceError('damaged', message);
}
