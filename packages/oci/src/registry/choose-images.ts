/**
 * Selects the images of a reference: nested indexes are opened within limits, and everything that
 * is not selected or not an image is reported, so that nothing is skipped silently.
 */
import type { SourceDiagnostic } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import type { ArtifactPlace } from '../image/artifact.ts';

import { type SourceImage } from '../image/image-source.ts';
import type { Descriptor, Index, Manifest } from '../image/manifest.ts';

import { artifactType, mediaTypes } from '../image/media-type.ts';

import {
  checkPlatform,
  type PlatformQuestion,
  selectPlatforms,
} from '../image/select-platforms.ts';

import type { FetchedManifest } from './read-manifest.ts';

import type { AssembledImage, ManifestPlace } from './registry-image.ts';

export interface ImageAssembler {
  readonly names: readonly string[];
  /** A child of an index, by its descriptor. */
  readChild(descriptor: Descriptor): Promise<FetchedManifest>;
  assemble(manifest: Manifest, place: ManifestPlace): Promise<AssembledImage>;
  assembleArtifact(manifest: Manifest, place: ArtifactPlace): Promise<SourceImage>;
}

export interface ChosenImages {
  readonly images: readonly SourceImage[];
  readonly diagnostics: readonly SourceDiagnostic[];
}

/** Throws SourceError when no image is left: `not_found`, `unsupported`, `no_such_platform`. */
export async function chooseImages(
  top: FetchedManifest,
  shelf: ImageAssembler,
  question: PlatformQuestion,
): Promise<ChosenImages> {
  const { document, digest } = top;
  if (document.kind === 'manifest') {
    const { names } = shelf;
    const type = artifactType(document);
    if (type !== undefined) {
      return {
        images: [await shelf.assembleArtifact(document, { type, names, digest })],
        diagnostics: [],
      };
    }
    const { image, diagnostics, configured } = await shelf.assemble(document, { names, digest });
    return {
      images: [image],
      diagnostics: [...diagnostics, ...checkPlatform({ ...question, digest, configured })],
    };
  }
  const collection = new Collection(shelf, digest);
  await collection.open(document);
  const { selected, diagnostics } = selectPlatforms(collection.children, question);
  collection.diagnostics.push(...diagnostics);
  for (const descriptor of selected) await collection.take(descriptor, question);
  await collection.artifacts();
  if (collection.images.length === 0) throw collection.nothingLeft();
  return collection;
}

interface Artifact {
  readonly manifest: Manifest;
  readonly place: ArtifactPlace;
}

/** The content of an index, over all its levels. */
class Collection implements ChosenImages {
  readonly images: SourceImage[] = [];
  readonly diagnostics: SourceDiagnostic[] = [];
  /** Everything that may be an image, in the order of the index, nested indexes expanded. */
  readonly children: Descriptor[] = [];
  readonly #artifacts: Artifact[] = [];
  readonly #shelf: ImageAssembler;
  /** Digest of the index that lists each child. */
  readonly #parents = new Map<string, string>();
  readonly #read = new Map<string, FetchedManifest>();
  readonly #seen: Set<string>;
  readonly #top: string;
  #failure: SourceError | undefined;

  constructor(shelf: ImageAssembler, digest: string) {
    this.#shelf = shelf;
    this.#top = digest;
    this.#seen = new Set([digest]);
  }

  async open(top: Index): Promise<void> {
    const todo = this.#list(top, this.#top, 1);
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { descriptor, depth, parent } = next;
      if (this.#seen.has(descriptor.digest)) continue;
      this.#seen.add(descriptor.digest);
      if (this.#seen.size > ociLimits.indexChildren + 1) {
        this.#report('limit', descriptor, `more than ${ociLimits.indexChildren} children`);
        return;
      }
      this.#parents.set(descriptor.digest, parent);
      const nested = await this.#openNested(descriptor, depth);
      if (nested === undefined) continue;
      if (nested === 'image') this.children.push(showToEngines(descriptor));
      else todo.push(...this.#list(nested, descriptor.digest, depth + 1));
    }
  }

  async take(descriptor: Descriptor, question: PlatformQuestion): Promise<void> {
    const { digest, platform: listed } = descriptor;
    const { names } = this.#shelf;
    try {
      const { document } = this.#read.get(digest) ?? (await this.#shelf.readChild(descriptor));
      if (document.kind === 'index')
        throw new SourceError('damaged', 'expected a manifest, got an index');
      const place = { names, digest, indexDigest: this.#parents.get(digest) };
      const type = artifactType(document);
      if (type !== undefined) {
        this.#artifacts.push({ manifest: document, place: { ...place, type } });
        return;
      }
      const found = await this.#shelf.assemble(document, { ...place, listed });
      const { configured } = found;
      this.diagnostics.push(...found.diagnostics);
      this.diagnostics.push(...checkPlatform({ ...question, digest, listed, configured }));
      this.images.push(found.image);
    } catch (error) {
      this.#fail(descriptor, error);
    }
  }

  /** Artifacts are examined when there are no images; otherwise they are only reported. */
  async artifacts(): Promise<void> {
    const isExamined = this.images.length === 0;
    for (const { manifest, place } of this.#artifacts) {
      if (isExamined) this.images.push(await this.#shelf.assembleArtifact(manifest, place));
      else this.#report('artifact', place, `an artifact of type ${place.type}`);
    }
  }

  nothingLeft(): SourceError {
    if (this.#failure !== undefined) return this.#failure;
    const [first] = this.diagnostics;
    const why = first === undefined ? 'it is empty' : `${first.reason}, ${first.detail}`;
    const message = `${this.#shelf.names.join(', ')} contains no readable image: ${why}`;
    return new SourceError('unsupported', message);
  }

  /** In reverse, for use as a stack. */
  #list(index: Index, parent: string, depth: number): Nested[] {
    if (index.omitted > 0) {
      const detail = `${index.omitted} more children of an index were not examined`;
      this.diagnostics.push({ reason: 'limit', detail, digest: parent });
    }
    return index.children.toReversed().map((descriptor) => ({ descriptor, depth, parent }));
  }

  /** The nested index of a child; `image` for a possible image; undefined for what was reported. */
  async #openNested(descriptor: Descriptor, depth: number): Promise<Index | 'image' | undefined> {
    const kind = mediaTypes.documents.get(descriptor.mediaType);
    if (kind === 'manifest' && descriptor.platform !== undefined) return 'image';
    try {
      const fetched = await this.#shelf.readChild(descriptor);
      if (fetched.document.kind === 'manifest') {
        this.#read.set(descriptor.digest, fetched);
        return 'image';
      }
      if (depth < ociLimits.indexDepth) return fetched.document;
      this.#report('limit', descriptor, `an index nested ${depth} levels deep was not opened`);
    } catch (error) {
      this.#fail(descriptor, error);
    }
    return undefined;
  }

  /** Records errors about a single child; errors of the registry itself are thrown. */
  #fail(descriptor: Descriptor, error: unknown): void {
    const ofChild = ['not_found', 'damaged', 'unsupported', 'digest_mismatch', 'too_large'];
    if (!(error instanceof SourceError) || !ofChild.includes(error.code)) throw error;
    this.#failure ??= error;
    const reason = error.code === 'not_found' ? 'missing_child' : 'unsupported';
    this.#report(reason, descriptor, error.message);
  }

  #report(
    reason: SourceDiagnostic['reason'],
    { digest }: Pick<Descriptor, 'digest'>,
    detail: string,
  ): void {
    this.diagnostics.push({ reason, detail: detail.slice(0, 1_000), digest });
  }
}

interface Nested {
  readonly descriptor: Descriptor;
  readonly depth: number;
  readonly parent: string;
}

/**
 * Container engines select by platform and ignore annotations: a child for a real platform is an
 * image to them, even when it is marked as an attestation.
 */
function showToEngines(descriptor: Descriptor): Descriptor {
  const { platform, annotations: _, ...rest } = descriptor;
  if (platform === undefined || platform.os === 'unknown') return descriptor;
  return { ...rest, platform };
}
