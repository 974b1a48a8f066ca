/**
 * Manifests that are not images: charts, modules, signatures, SBOMs. Their blobs are files, not
 * layers: each is read as a single file under the name that clients give it when they pull it, so
 * that no blob hides another.
 */
import { limits } from '@lazaret/protocol';

import { normalizePath } from '../untrusted/tree-path.ts';

import type { BlobFile, SourceImage, SourceLayer } from './image-source.ts';
import type { Descriptor, Manifest } from './manifest.ts';

export interface ArtifactPlace {
  /** As returned by `artifactType`. */
  readonly type: string;
  readonly names: readonly string[];
  readonly digest: string;
  readonly indexDigest?: string | undefined;
}

/** An artifact in the form of an image; the source decides how to read a blob. */
export async function assembleArtifact(
  manifest: Manifest,
  place: ArtifactPlace,
  blobOf: (descriptor: Descriptor) => Promise<SourceLayer>,
): Promise<SourceImage> {
  const { type, names, digest, indexDigest } = place;
  const { config, mediaType, annotations } = manifest;
  const layers: SourceLayer[] = [];
  for (const [descriptor, blob] of nameBlobs(manifest)) {
    layers.push({ ...(await blobOf(descriptor)), blob });
  }
  return {
    names,
    ...(indexDigest === undefined ? {} : { indexDigest }),
    manifestDigest: digest,
    configDigest: config.digest,
    mediaType,
    artifactType: type,
    // The configuration is one of the blobs; its meaning depends on the artifact type.
    config: Buffer.alloc(0),
    layers,
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** Digest of `{}`, the placeholder for an artifact without a configuration. */
const emptyDigest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

/** All blobs in the order of the manifest, the configuration last. */
function nameBlobs({ config, layers }: Manifest): (readonly [Descriptor, BlobFile])[] {
  const blobs = config.digest === emptyDigest ? layers : [...layers, config];
  const paths = new DistinctPaths();
  return blobs.map((descriptor, index) => {
    const { name, escape } = blobName(descriptor);
    const path = paths.take(name, index);
    const { sizeBytes } = descriptor;
    return [descriptor, { path, sizeBytes, ...(escape === undefined ? {} : { escape }) }];
  });
}

function blobName({ annotations, digest }: Descriptor): { name: string; escape?: string } {
  const title = annotations?.['org.opencontainers.image.title'] ?? '';
  const { path, escaped } = normalizePath(title.toWellFormed().replaceAll('\0', '\u{fffd}'));
  const isUsable = path !== '' && Buffer.byteLength(path) <= limits.pathBytes;
  const isOutside = escaped || title.startsWith('/');
  return { name: isUsable ? path : digest, ...(isOutside ? { escape: title } : {}) };
}

/** Assigns distinct paths: a file whose path is taken moves into a numbered directory. */
class DistinctPaths {
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();

  /** Terminates: each number in use was assigned before or was the name of a blob. */
  take(name: string, index: number): string {
    let path = name;
    for (let number = index; !this.#isFree(path); number += 1) path = `${number}/${name}`;
    this.#files.add(path);
    for (const directory of directoriesOf(path)) this.#directories.add(directory);
    return path;
  }

  #isFree(path: string): boolean {
    if (this.#files.has(path) || this.#directories.has(path)) return false;
    for (const directory of directoriesOf(path)) if (this.#files.has(directory)) return false;
    return true;
  }
}

/** `a` and `a/b` of `a/b/c`. */
function* directoriesOf(path: string): Generator<string, void, undefined> {
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
    yield path.slice(0, cut);
  }
}
