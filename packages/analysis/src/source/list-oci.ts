/** The images of an OCI layout, in a directory or an archive. */

import { assembleArtifact, ociLimits } from '@lazaret/oci';
import type { ArtifactPlace } from '@lazaret/oci';
import { parseUntrustedObject } from '@lazaret/oci';
import { readSmall } from './image-files.ts';
import type { ImageFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing, PlatformChoice } from '@lazaret/oci';
import { sourceLimits } from './limits.ts';
import { artifactBlob, assembleImage, ImageCollector, readBlob } from './local-image.ts';
import type { LocalOptions } from './local-image.ts';
import { parseIndex, parseManifest } from '@lazaret/oci';
import type { Descriptor, Index, Manifest } from '@lazaret/oci';
import { artifactType, mediaTypes } from '@lazaret/oci';
import { selectPlatforms } from '@lazaret/oci';
import type { PlatformQuestion } from '@lazaret/oci';

/** Throws SourceError when no image can be read; unreadable ones among others are reported. */
export async function listOci(
  files: ImageFiles,
  choice: PlatformChoice,
  { defaultPlatform, name }: LocalOptions,
): Promise<ImageListing> {
  await checkVersion(files);
  const root = await readRoot(files);
  const gathering = new ImageCollector();
  const walk = new IndexWalk(files, gathering, { choice, defaultPlatform });
  walk.reportOmitted(root);
  for (const group of groupRoots(root, name)) {
    await gathering.attempt(() => walk.children(group, 0));
  }
  await walk.artifacts();
  const listing = gathering.listing();
  if (listing.images.length > 0) return listing;
  throw new SourceError('unsupported', 'the layout contains no images');
}

/** Whether the files are an OCI layout. */
export async function isOciLayout(files: ImageFiles): Promise<boolean> {
  return (await files.find('index.json')) !== undefined;
}

interface Group {
  readonly names: readonly string[];
  readonly children: readonly Descriptor[];
  readonly indexDigest?: string;
}

interface Artifact {
  readonly manifest: Manifest;
  readonly place: ArtifactPlace;
}

class IndexWalk {
  readonly #files: ImageFiles;
  readonly #gathering: ImageCollector;
  readonly #question: PlatformQuestion;
  readonly #artifacts: Artifact[] = [];
  /** Number of manifests that may still be read, at all levels. */
  #budget: number = ociLimits.indexChildren;

  constructor(files: ImageFiles, gathering: ImageCollector, question: PlatformQuestion) {
    this.#files = files;
    this.#gathering = gathering;
    this.#question = question;
  }

  async children(group: Group, depth: number): Promise<void> {
    const { selected, diagnostics } = selectPlatforms(group.children, this.#question);
    this.#gathering.diagnostics.push(...diagnostics);
    for (const child of selected) {
      await this.#gathering.attempt(() => this.#child(child, group, depth), child.digest);
    }
  }

  /** Artifacts are examined when there are no images; otherwise they are only reported. */
  async artifacts(): Promise<void> {
    const { images, diagnostics } = this.#gathering;
    const isExamined = images.length === 0;
    for (const { manifest, place } of this.#artifacts) {
      const { type, digest } = place;
      if (isExamined) {
        const blobOf = (blob: Descriptor) => artifactBlob(this.#files, blob);
        images.push(await assembleArtifact(manifest, place, blobOf));
      } else
        diagnostics.push({ reason: 'artifact', detail: `an artifact of type ${type}`, digest });
    }
  }

  reportOmitted({ omitted }: Index): void {
    if (omitted === 0) return;
    const detail = `${omitted} children of the index exceed the limit and were not examined`;
    this.#gathering.diagnostics.push({ reason: 'limit', detail });
  }

  async #child(descriptor: Descriptor, group: Group, depth: number): Promise<void> {
    this.#budget -= 1;
    if (this.#budget < 0 || depth > ociLimits.indexDepth) {
      throw new SourceError('too_large', 'the index exceeds the limit of nesting or children');
    }
    const { digest } = descriptor;
    const bounds = { what: 'the manifest', maxBytes: ociLimits.manifestBytesMax };
    const bytes = await readBlob(this.#files, descriptor, bounds);
    const document = parseManifest(bytes, descriptor.mediaType);
    const { names } = group;
    if (document.kind === 'index') {
      this.reportOmitted(document);
      const inner = { names, children: document.children, indexDigest: digest };
      await this.children(inner, depth + 1);
    } else await this.#manifest(document, { ...group, descriptor });
  }

  async #manifest(manifest: Manifest, group: Group & { descriptor: Descriptor }): Promise<void> {
    const { descriptor, names, indexDigest } = group;
    const type = artifactType(manifest);
    if (type !== undefined) {
      const place = { type, names, indexDigest, digest: descriptor.digest };
      this.#artifacts.push({ manifest, place });
      return;
    }
    const parts = { manifest, descriptor, names, indexDigest };
    const { image, diagnostics } = await assembleImage(this.#files, parts, this.#question);
    this.#gathering.images.push(image);
    this.#gathering.diagnostics.push(...diagnostics);
  }
}

async function checkVersion(files: ImageFiles): Promise<void> {
  const stored = await files.find('oci-layout');
  if (stored === undefined) return;
  const bounds = { what: 'oci-layout', maxBytes: sourceLimits.layoutFileBytes };
  const { imageLayoutVersion } = parseUntrustedObject(await readSmall(stored, bounds), bounds);
  const version = typeof imageLayoutVersion === 'string' ? imageLayoutVersion : '1';
  if (/^1(\.|$)/.test(version)) return;
  throw new SourceError(
    'unsupported',
    `unsupported OCI layout version ${version} (supported: 1.0.0)`,
  );
}

async function readRoot(files: ImageFiles): Promise<Index> {
  const stored = await files.find('index.json');
  if (stored === undefined) throw new SourceError('not_found', 'index.json is missing');
  const bounds = { what: 'index.json', maxBytes: ociLimits.manifestBytesMax };
  return parseIndex(await readSmall(stored, bounds), mediaTypes.ociIndex);
}

interface Root {
  readonly descriptor: Descriptor;
  readonly names: string[];
}

/**
 * Groups the entries of the root index by name; entries with the same name, or without one, are the
 * platforms of one image.
 */
function groupRoots(root: Index, wanted: string | undefined): Group[] {
  const roots = nameRoots(root);
  const asked = wanted === undefined ? roots : roots.filter((one) => matchesName(wanted, one));
  if (asked.length === 0 && wanted !== undefined) {
    const names = roots.flatMap((one) => one.names);
    const some = names.slice(0, 20).join(', ') || 'only unnamed images';
    throw new SourceError('not_found', `no image ${wanted} in the layout (available: ${some})`);
  }
  const groups = new Map<string, { names: readonly string[]; children: Descriptor[] }>();
  for (const { descriptor, names } of asked) {
    const key = names.join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names, children: [descriptor] });
    else group.children.push(descriptor);
  }
  return [...groups.values()];
}

/** Each child once, with all of its names. */
function nameRoots(root: Index): Root[] {
  const roots = new Map<string, Root>();
  for (const descriptor of root.children) {
    const known = roots.get(descriptor.digest) ?? { descriptor, names: [] };
    const name = descriptorName(descriptor);
    if (name !== undefined && !known.names.includes(name)) known.names.push(name);
    roots.set(descriptor.digest, known);
  }
  return [...roots.values()];
}

function matchesName(wanted: string, { descriptor, names }: Root): boolean {
  const reference = descriptor.annotations?.[referenceName];
  return wanted === descriptor.digest || wanted === reference || names.includes(wanted);
}

const referenceName = 'org.opencontainers.image.ref.name';

/** containerd writes the full name in addition to the tag of the specification. */
function descriptorName({ annotations }: Descriptor): string | undefined {
  const name = annotations?.['io.containerd.image.name'] ?? annotations?.[referenceName];
  return name === '' ? undefined : name;
}
