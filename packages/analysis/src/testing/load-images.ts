/** Fills the fake registry from files of other tools: OCI layouts, `docker save` archives. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { openFileBytes } from '../source/file-bytes.ts';
import { archiveFiles, directoryFiles, type ImageFiles, readSmall } from '../source/image-files.ts';
import { parseReference } from '@lazaret/oci';
import { digestOf, manifestType, type RegistryStore } from '@lazaret/oci/testing';

const maxBytes = 4 * 1024 ** 3;

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface ManifestShape {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/**
 * Loads a layout directory, a layout archive or a `docker save` archive; returns what can be
 * pulled: `repository:tag`. An image without a name gets that of its file. Throws for anything
 * else.
 */
export async function loadImages(store: RegistryStore, path: string): Promise<string[]> {
  const isDirectory = (await stat(path)).isDirectory();
  const files = isDirectory
    ? await directoryFiles(path)
    : await archiveFiles(await openFileBytes(path));
  const fallback = basename(path)
    .replace(/\.(tar|oci)$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  try {
    const isLayout = (await files.find('index.json')) !== undefined;
    if (isLayout) return await loadLayout(store, files, fallback);
    if ((await files.find('manifest.json')) !== undefined) {
      return await loadDocker(store, files, fallback);
    }
  } finally {
    await files.close();
  }
  throw new Error(`${path} is neither an OCI layout nor a "docker save" archive`);
}

async function loadLayout(
  store: RegistryStore,
  files: ImageFiles,
  fallback: string,
): Promise<string[]> {
  const index = await readJson<ManifestShape>(files, 'index.json');
  const loaded: string[] = [];
  for (const descriptor of index.manifests ?? []) {
    const { annotations = {}, digest } = descriptor;
    const full = annotations['io.containerd.image.name'];
    const short = annotations['org.opencontainers.image.ref.name'];
    const { name, tag } = nameOf(full ?? short, fallback);
    await loadManifest({ store, files, name }, descriptor);
    store.repository(name).tags.set(tag, digest);
    loaded.push(`${name}:${tag}`);
  }
  return loaded;
}

interface Loading {
  readonly store: RegistryStore;
  readonly files: ImageFiles;
  readonly name: string;
}

/** A manifest with its descendants; missing children and blobs are omitted. */
async function loadManifest(loading: Loading, { digest, mediaType }: Descriptor): Promise<void> {
  const { store, files, name } = loading;
  const bytes = await readBlob(files, digest);
  if (bytes === undefined) return;
  const type = mediaType ?? manifestType(bytes) ?? '';
  store.repository(name).manifests.set(digest, { bytes, mediaType: type });
  const { manifests = [], config, layers = [] } = JSON.parse(bytes.toString()) as ManifestShape;
  for (const child of manifests) await loadManifest(loading, child);
  for (const blob of [...(config === undefined ? [] : [config]), ...layers]) {
    const content = await readBlob(files, blob.digest);
    if (content !== undefined) store.blobs.set(blob.digest, content);
  }
}

interface SavedImage {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

/** The archive has no registry manifest: one is generated, with uncompressed layers. */
async function loadDocker(
  store: RegistryStore,
  files: ImageFiles,
  fallback: string,
): Promise<string[]> {
  const loaded: string[] = [];
  for (const saved of await readJson<SavedImage[]>(files, 'manifest.json')) {
    const put = async (path: string, mediaType: string) => {
      const bytes = await readFile(files, path);
      return { mediaType, size: bytes.length, digest: store.putBlob(bytes) };
    };
    const layers = [];
    for (const path of saved.Layers) {
      layers.push(await put(path, 'application/vnd.docker.image.rootfs.diff.tar'));
    }
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const config = await put(saved.Config, 'application/vnd.docker.container.image.v1+json');
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
    for (const full of saved.RepoTags?.length ? saved.RepoTags : [undefined]) {
      const { name, tag } = nameOf(full, fallback);
      store.putManifest(name, digestOf(bytes), { bytes, mediaType });
      store.putManifest(name, tag, { bytes, mediaType });
      loaded.push(`${name}:${tag}`);
    }
  }
  return loaded;
}

/** A full reference, or just a tag as in layouts. */
function nameOf(text: string | undefined, fallback: string): { name: string; tag: string } {
  const plain = { name: fallback === '' ? 'image' : fallback, tag: 'latest' };
  if (text === undefined) return plain;
  if (!/[/:]/.test(text)) return { ...plain, tag: text };
  const { repository, tag = 'latest' } = parseReference(text);
  return { name: repository, tag };
}

async function readBlob(files: ImageFiles, digest: string): Promise<Buffer | undefined> {
  const path = `blobs/${digest.replace(':', '/')}`;
  return (await files.find(path)) === undefined ? undefined : readFile(files, path);
}

async function readJson<T>(files: ImageFiles, path: string): Promise<T> {
  return JSON.parse((await readFile(files, path)).toString('utf8')) as T;
}

async function readFile(files: ImageFiles, path: string): Promise<Buffer> {
  const stored = await files.find(path);
  if (stored === undefined) throw new Error(`${path} is missing`);
  return readSmall(stored, { what: path, maxBytes });
}
