/**
 * Images to measure with, created once in a directory of the machine and reused: from the files of
 * /usr, because synthetic bytes inflate at unrealistic speeds, and the shapes that stereoscope#681
 * names.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync, readdirSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MiB = 1024 * 1024;

export type Compression = 'gzip' | 'zstd' | 'none';

export interface BenchImage {
  /** An OCI layout. */
  readonly layout: string;
  /** The layers as stored, lowest first. */
  readonly layers: readonly string[];
  readonly tarBytes: number;
}

export interface Shape {
  readonly name: string;
  readonly compression: Compression;
  /** Paths of each layer, relative to /. */
  readonly layers: readonly (readonly string[])[];
  /** Symbolic links to add to each layer. */
  readonly links?: number;
}

/** Files of /usr in a fixed order that mixes their kinds. */
export function listUsr(): { path: string; sizeBytes: number }[] {
  const found: { path: string; sizeBytes: number }[] = [];
  const open = ['usr/bin', 'usr/lib', 'usr/share'];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    for (const entry of readdirSync(`/${directory}`, { withFileTypes: true })) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile()) found.push({ path, sizeBytes: lstatSync(`/${path}`).size });
    }
  }
  const order = (path: string): string => createHash('md5').update(path).digest('hex');
  const keyed = found.map((file) => ({ ...file, key: order(file.path) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Takes files until each layer has its share of the bytes or of the files. */
export function share(
  files: readonly { path: string; sizeBytes: number }[],
  { layers, bytes, count = Infinity }: { layers: number; bytes: number; count?: number },
): string[][] {
  const shares: string[][] = [];
  let at = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    const paths: string[] = [];
    let taken = 0;
    while (at < files.length && taken < bytes / layers && paths.length < count / layers) {
      const file = files[at];
      at += 1;
      if (file === undefined || taken + file.sizeBytes > (bytes / layers) * 1.1) continue;
      paths.push(file.path);
      taken += file.sizeBytes;
    }
    shares.push(paths);
  }
  return shares;
}

/**
 * The image of a shape as an OCI layout below `home`; made when it is not there. `above` is an
 * image of which it is the next build: layers that are the same are the same files, as in a layout
 * that a build tool writes to again.
 */
export async function makeImage(
  home: string,
  shape: Shape,
  above?: BenchImage,
): Promise<BenchImage> {
  const layout = join(home, `${shape.name}-${shape.compression}`);
  const recipe = join(layout, 'recipe.json');
  const key = createHash('sha256').update(JSON.stringify(shape)).digest('hex');
  if (existsSync(recipe)) {
    const known = JSON.parse(await readFile(recipe, 'utf8')) as BenchImage & { key: string };
    if (known.key === key) return known;
  }
  await rm(layout, { recursive: true, force: true });
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const layers: StoredLayer[] = [];
  for (const [at, paths] of shape.layers.entries()) {
    layers.push(await makeLayer(layout, { shape, at, paths }));
  }
  await writeLayout(layout, layers, shape.compression);
  await shareFiles(layers, above);
  const image: BenchImage = {
    layout,
    layers: layers.map(({ path }) => path),
    tarBytes: layers.reduce((sum, { tarBytes }) => sum + tarBytes, 0),
  };
  await writeFile(recipe, JSON.stringify({ ...image, key }));
  return image;
}

async function shareFiles(
  layers: readonly StoredLayer[],
  above: BenchImage | undefined,
): Promise<void> {
  const there = new Map(above?.layers.map((path) => [basename(path), path]));
  for (const { path } of layers) {
    const same = there.get(basename(path));
    if (same === undefined) continue;
    await rm(path);
    await link(same, path);
  }
}

interface StoredLayer {
  readonly path: string;
  readonly digest: string;
  readonly diffId: string;
  readonly sizeBytes: number;
  readonly tarBytes: number;
}

interface LayerRecipe {
  readonly shape: Shape;
  readonly at: number;
  readonly paths: readonly string[];
}

async function makeLayer(layout: string, { shape, at, paths }: LayerRecipe): Promise<StoredLayer> {
  const list = join(layout, 'list');
  const tar = join(layout, 'layer.tar');
  await writeFile(list, paths.map((path) => `${path}\0`).join(''));
  await run('tar', ['-C', '/', '--no-recursion', '--null', '-T', list, '-cf', tar]);
  if (shape.links !== undefined) await addLinks(layout, tar, { count: shape.links, at });
  const diffId = await digestOf(tar);
  const tarBytes = lstatSync(tar).size;
  const stored = { gzip: `${tar}.gz`, zstd: `${tar}.zst`, none: tar }[shape.compression];
  if (shape.compression === 'gzip') await run('gzip', ['-n', '-6', '-f', tar]);
  if (shape.compression === 'zstd') await run('zstd', ['-3', '-q', '-f', '--rm', tar]);
  const digest = await digestOf(stored);
  const path = join(layout, 'blobs/sha256', digest);
  await rename(stored, path);
  await rm(list);
  return { path, digest, diffId, sizeBytes: lstatSync(path).size, tarBytes };
}

async function addLinks(
  layout: string,
  tar: string,
  { count, at }: { count: number; at: number },
): Promise<void> {
  const root = join(layout, 'links');
  const script = `mkdir -p "$1/links/l$2" && cd "$1/links/l$2" && for i in $(seq "$3"); do ln -s "../../usr/lib/x$i" "n$i"; done`;
  await run('bash', ['-c', script, 'links', root, String(at), String(count)]);
  await run('tar', ['-C', root, '-rf', tar, 'links']);
  await rm(root, { recursive: true });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: MiB })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function writeLayout(
  layout: string,
  layers: readonly StoredLayer[],
  compression: Compression,
): Promise<void> {
  const suffix = { gzip: '+gzip', zstd: '+zstd', none: '' }[compression];
  const put = async (mediaType: string, value: unknown): Promise<object> => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(layout, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const config = await put('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await put(mediaType, {
    ...{ schemaVersion: 2, mediaType, config },
    layers: layers.map(({ digest, sizeBytes }) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`,
      digest: `sha256:${digest}`,
      size: sizeBytes,
    })),
  });
  const platform = { os: 'linux', architecture: 'amd64' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, platform }] };
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
