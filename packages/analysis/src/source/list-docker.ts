/**
 * The images of a `docker save` archive: from `manifest.json` since Docker 1.10, from
 * `repositories` before. These define the order of layers; the order of members in the archive is
 * irrelevant.
 */
import { limits, plural } from '@lazaret/protocol';

import { ociLimits, parseDigest, sha256Digest, verifyDigest } from '@lazaret/oci';
import {
  isRecord,
  parseUntrustedJson,
  parseUntrustedObject,
  refuseCaseVariants,
} from '@lazaret/oci';
import { readSmall } from './image-files.ts';
import type { ImageFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing, PlatformChoice, SourceImage, SourceLayer } from '@lazaret/oci';
import { describeConfig, fileLayer, findLayer, ImageCollector } from './local-image.ts';
import type { LocalOptions } from './local-image.ts';
import { checkPlatform } from '@lazaret/oci';

/** Throws SourceError when no image can be read; unreadable ones among others are reported. */
export async function listDocker(
  files: ImageFiles,
  choice: PlatformChoice,
  { defaultPlatform, name }: LocalOptions,
): Promise<ImageListing> {
  const all = (await readManifest(files)) ?? (await readRepositories(files));
  if (all === undefined) throw noManifest(files);
  const items = all.filter(({ names }) => name === undefined || names.includes(name));
  if (items.length === 0) throw noSuchImage(name, all);
  const gathering = new ImageCollector();
  for (const item of items) {
    await gathering.attempt(async () => {
      const { image, diagnostics } = await readImage(files, item);
      const { platform: configured, configDigest: digest } = image;
      const about = digest === undefined ? {} : { digest };
      const check = checkPlatform({ choice, defaultPlatform, configured, ...about });
      gathering.images.push(image);
      gathering.diagnostics.push(...check, ...diagnostics);
    });
  }
  return gathering.listing();
}

/** Whether the files are a `docker save` archive. */
export async function isDockerArchive(files: ImageFiles): Promise<boolean> {
  const found = (await files.find('manifest.json')) ?? (await files.find('repositories'));
  return found !== undefined;
}

/**
 * Whether a directory is an unpacked `docker save` archive. Many programs have a `manifest.json`:
 * this one must list an image whose configuration exists.
 */
export async function isUnpackedDocker(files: ImageFiles): Promise<boolean> {
  try {
    const items = (await readManifest(files)) ?? (await readRepositories(files));
    const [first] = items ?? [];
    return first !== undefined && (await files.find(first.config)) !== undefined;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}

interface Item {
  readonly names: readonly string[];
  readonly config: string;
  /** Paths, lowest first. */
  readonly layers: readonly string[];
}

async function readManifest(files: ImageFiles): Promise<Item[] | undefined> {
  const stored = await files.find('manifest.json');
  if (stored === undefined) return undefined;
  const bounds = { what: 'manifest.json', maxBytes: ociLimits.manifestBytesMax };
  const list = parseUntrustedJson(await readSmall(stored, bounds), bounds);
  if (!Array.isArray(list)) throw new SourceError('damaged', 'manifest.json is not an array');
  if (list.length > ociLimits.indexChildren) {
    throw new SourceError(
      'too_large',
      `manifest.json lists ${list.length} images (limit ${ociLimits.indexChildren}) (limit ${ociLimits.indexChildren}) (limit ${ociLimits.indexChildren})`,
    );
  }
  return (list as unknown[]).map(readItem);
}

function readItem(value: unknown): Item {
  if (!isRecord(value)) throw new SourceError('damaged', 'manifest.json contains an invalid entry');
  refuseCaseVariants(value, ['Config', 'RepoTags', 'Layers', 'Parent'], 'manifest.json');
  const { Config: config, RepoTags: names, Layers: layers } = value;
  if (typeof config !== 'string' || !isTexts(layers ?? [])) {
    throw new SourceError('damaged', 'manifest.json contains an image without Config or Layers');
  }
  const paths = (layers ?? []) as string[];
  if (paths.length > limits.layersPerImage) {
    const message = `the image has ${paths.length} layers (limit ${limits.layersPerImage})`;
    throw new SourceError('too_large', message);
  }
  return { names: isTexts(names) ? names : [], config, layers: paths };
}

interface ReadImage {
  readonly image: SourceImage;
  readonly diagnostics: ImageListing['diagnostics'];
}

async function readImage(files: ImageFiles, item: Item): Promise<ReadImage> {
  const stored = await files.find(item.config);
  if (stored === undefined) {
    throw new SourceError('not_found', `the configuration ${item.config} is missing`);
  }
  const bounds = { what: 'the configuration', maxBytes: ociLimits.imageConfigBytes };
  const config = await readSmall(stored, bounds);
  const claimed = pathDigest(item.config);
  if (claimed !== undefined) verifyDigest(config, claimed, bounds.what);
  const configDigest = claimed ?? sha256Digest(config);
  const { diffIds, platform, diagnostics } = describeConfig(
    config,
    item.layers.length,
    configDigest,
  );
  const layers: SourceLayer[] = [];
  for (const [index, path] of item.layers.entries()) {
    layers.push(await readLayer(files, { path, diffId: diffIds[index] }));
  }
  const isOld = !item.config.startsWith('blobs/') && item.config.endsWith('/json');
  const image: SourceImage = {
    names: item.names,
    // Images from before Docker 1.10 have no configuration that is referenced by digest.
    ...(isOld ? {} : { configDigest }),
    ...(platform === undefined ? {} : { platform }),
    config,
    layers,
  };
  return { image, diagnostics: isOld ? [] : diagnostics };
}

interface LayerPlace {
  readonly path: string;
  readonly diffId: string | undefined;
}

async function readLayer(files: ImageFiles, { path, diffId }: LayerPlace): Promise<SourceLayer> {
  const claims = { digest: pathDigest(path), diffId };
  const stored = await findLayer(files, path);
  if (stored !== undefined && !(stored instanceof SourceError)) {
    return fileLayer(stored, { ...claims, sizeBytes: stored.sizeBytes });
  }
  const detail = stored?.message ?? `${path} is not in the archive`;
  return fileLayer(undefined, { ...claims, unavailable: { reason: 'missing', detail } });
}

/** The digest that a path such as `blobs/sha256/...` claims. */
function pathDigest(path: string): string | undefined {
  const [folder, algorithm, encoded, ...rest] = path.split('/');
  if (folder !== 'blobs' || rest.length > 0) return undefined;
  const digest = `${algorithm}:${encoded}`;
  return parseDigest(digest) === undefined ? undefined : digest;
}

/** Before Docker 1.10: names refer to the topmost layer, and each layer to its parent. */
async function readRepositories(files: ImageFiles): Promise<Item[] | undefined> {
  const stored = await files.find('repositories');
  if (stored === undefined) return undefined;
  const bounds = { what: 'repositories', maxBytes: ociLimits.manifestBytesMax };
  const repositories = parseUntrustedObject(await readSmall(stored, bounds), bounds);
  const namesByTop = new Map<string, string[]>();
  for (const [repository, tags] of Object.entries(repositories)) {
    for (const [tag, top] of Object.entries(isRecord(tags) ? tags : {})) {
      if (typeof top !== 'string')
        throw new SourceError('damaged', 'repositories has an invalid entry');
      const names = namesByTop.get(top);
      if (names === undefined) namesByTop.set(top, [`${repository}:${tag}`]);
      else names.push(`${repository}:${tag}`);
    }
  }
  if (namesByTop.size > ociLimits.indexChildren) {
    throw new SourceError(
      'too_large',
      `repositories lists ${namesByTop.size} images (limit ${ociLimits.indexChildren}) (limit ${ociLimits.indexChildren}) (limit ${ociLimits.indexChildren})`,
    );
  }
  const items: Item[] = [];
  for (const [top, names] of namesByTop) {
    items.push({ names, config: `${top}/json`, layers: await followParents(files, top) });
  }
  return items;
}

async function followParents(files: ImageFiles, top: string): Promise<string[]> {
  const layers: string[] = [];
  const seen = new Set<string>();
  let id: string | undefined = top;
  while (id !== undefined) {
    if (seen.has(id)) throw new SourceError('damaged', `the layer ${id} is its own ancestor`);
    seen.add(id);
    if (seen.size > limits.layersPerImage) {
      throw new SourceError('too_large', `more than ${limits.layersPerImage} layers`);
    }
    layers.push(`${id}/layer.tar`);
    const stored = await files.find(`${id}/json`);
    if (stored === undefined) throw new SourceError('not_found', `${id}/json is missing`);
    const bounds = { what: `${id}/json`, maxBytes: ociLimits.manifestBytesMax };
    const { parent }: Record<string, unknown> = parseUntrustedObject(
      await readSmall(stored, bounds),
      bounds,
    );
    id = typeof parent === 'string' && parent !== '' ? parent : undefined;
  }
  return layers.toReversed();
}

function noManifest(files: ImageFiles): SourceError {
  const names = files.names();
  const some = names.slice(0, 5).join(', ');
  const found =
    names.length === 0 ? 'no members' : `${plural(names.length, 'member')} such as ${some}`;
  const hint = isFileSystem(names) ? `; ${fileSystemHint}` : '';
  const message = `not an image archive: it has no manifest.json and no index.json, but ${found}`;
  return new SourceError('unsupported', `${message}${hint}`);
}

const fileSystemHint =
  'it looks like the file system of a container (docker export): extract it and inspect ' +
  'dir:PATH, or load it with docker import and inspect docker:NAME';

const rootDirectories = new Set(['bin', 'etc', 'usr', 'var', 'lib', '.dockerenv']);

/** Whether at least two top-level names are those of a root directory. */
function isFileSystem(names: readonly string[]): boolean {
  const tops = new Set(names.map((name) => name.replace(/^\.\//, '').split('/', 1)[0] ?? ''));
  return [...tops].filter((name) => rootDirectories.has(name)).length >= 2;
}

function noSuchImage(name: string | undefined, all: readonly Item[]): SourceError {
  if (name === undefined) return new SourceError('unsupported', 'the archive contains no images');
  const names = all
    .flatMap((item) => item.names)
    .slice(0, 20)
    .join(', ');
  const message = `no image ${name} in the archive (available: ${names || 'only unnamed images'})`;
  return new SourceError('not_found', message);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
