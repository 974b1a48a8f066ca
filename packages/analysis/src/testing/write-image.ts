/**
 * Writes built images in the formats of other tools: `docker save` archives old and new, OCI
 * layouts.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { TarInput } from '../archive/write-tar.ts';
import { buildTar } from './image-builder.ts';
import type { Built, BuiltImage } from './image-builder.ts';

/** Contents by path, in the order in which they are written. */
export type ImageFiles = Map<string, TarInput>;

/**
 * The format of `docker save` until Docker 24: a directory per layer with an uncompressed
 * `layer.tar`, repeated layers as symbolic links, `manifest.json` and `repositories` at the end.
 */
export function oldDockerFiles(images: readonly BuiltImage[]): ImageFiles {
  const files: ImageFiles = new Map();
  const layerPaths = new Map<string, string>();
  const manifest: unknown[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const image of images) {
    let parent = '';
    const layers: string[] = [];
    for (const { diffId, tar, missing } of image.layers) {
      const id = createHash('sha256').update(`${parent} ${diffId}`).digest('hex');
      const path = `${id}/layer.tar`;
      layers.push(path);
      const first = layerPaths.get(diffId);
      add(files, { path: id, type: 'directory' });
      add(files, text(`${id}/VERSION`, '1.0'));
      add(files, json(`${id}/json`, { id, ...(parent === '' ? {} : { parent }), os: 'linux' }));
      if (first !== undefined && first !== path) {
        add(files, { path, type: 'symlink', linkPath: `../${first}` });
      } else if (!missing) add(files, { path, content: tar });
      layerPaths.set(diffId, first ?? path);
      parent = id;
    }
    const config = `${image.configDigest.slice('sha256:'.length)}.json`;
    add(files, { path: config, content: image.config });
    manifest.push({ Config: config, RepoTags: image.names, Layers: layers });
    addRepositories(repositories, image.names, parent);
  }
  add(files, json('manifest.json', manifest));
  add(files, json('repositories', repositories));
  return files;
}

/** The format of `docker save` since Docker 25: an OCI layout and a `manifest.json`. */
export function newDockerFiles(images: readonly BuiltImage[]): ImageFiles {
  const files = ociFiles(images);
  const repositories: Record<string, Record<string, string>> = {};
  const manifest = images.map((image) => {
    const layers = image.layers.map(({ descriptor }) => blobPath(descriptor.digest));
    addRepositories(repositories, image.names, layers.at(-1)?.split('/').at(-1) ?? '');
    return { Config: blobPath(image.configDigest), RepoTags: image.names, Layers: layers };
  });
  add(files, json('manifest.json', manifest));
  add(files, json('repositories', repositories));
  return files;
}

/** An OCI image layout whose index names the given manifests and indexes. */
export function ociFiles(roots: readonly Built[]): ImageFiles {
  const files: ImageFiles = new Map();
  add(files, { path: 'blobs', type: 'directory' });
  add(files, { path: 'blobs/sha256', type: 'directory' });
  for (const { blobs } of roots) {
    for (const [digest, content] of blobs) add(files, { path: blobPath(digest), content });
  }
  const manifests = roots.flatMap(({ descriptor, names }) =>
    names.length === 0
      ? [descriptor]
      : names.map((name) => ({
          ...descriptor,
          annotations: {
            'io.containerd.image.name': name,
            'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
          },
        })),
  );
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  add(files, json('index.json', { schemaVersion: 2, mediaType, manifests }));
  add(files, json('oci-layout', { imageLayoutVersion: '1.0.0' }));
  return files;
}

/** The files as a tar archive. */
export async function packFiles(files: ImageFiles): Promise<Buffer> {
  return buildTar([...files.values()]);
}

/** The files below a directory that exists; symbolic links are omitted. */
export async function writeFiles(root: string, files: ImageFiles): Promise<void> {
  for (const { path, type, content } of files.values()) {
    const place = join(root, path);
    await mkdir(type === 'directory' ? place : dirname(place), { recursive: true });
    if (content instanceof Uint8Array) await writeFile(place, content);
  }
}

/** The path of a blob in a layout. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function addRepositories(
  repositories: Record<string, Record<string, string>>,
  names: readonly string[],
  top: string,
): void {
  for (const name of names) {
    const colon = name.lastIndexOf(':');
    repositories[name.slice(0, colon)] = {
      ...repositories[name.slice(0, colon)],
      [name.slice(colon + 1)]: top,
    };
  }
}

function add(files: ImageFiles, file: TarInput): void {
  files.set(file.path, file);
}

function text(path: string, content: string): TarInput {
  return { path, content: Buffer.from(content) };
}

function json(path: string, value: unknown): TarInput {
  return text(path, JSON.stringify(value));
}
