/**
 * A root as an image, written straight to disk: its files in path order cut into layers of about
 * the same size, the database of dpkg rewritten by every layer as installing in steps does, and
 * a package that the second layer takes away again.
 */
import { spawn } from 'node:child_process';
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Transform } from 'node:stream';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';

import { output } from './run-program.ts';

export type Compression = 'none' | 'gzip' | 'zstd';
export type Shape = 'docker-archive' | 'oci-layout' | 'oci-archive';

export interface ImagePlan {
  readonly shape: Shape;
  readonly layers: number;
  readonly compression: Compression;
}

/** In the first layer, and no longer in the image when there is a second. */
export const removedPackage = { name: 'taken-away', version: '9.8.7' };
const removedFolder = 'opt/taken';

/** Writes the image below a directory; returns the reference to inspect. */
export async function writeImage(
  root: string,
  { shape, layers: count, compression }: ImagePlan,
  directory: string,
): Promise<string> {
  const layout = join(directory, 'layout');
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const layers: WrittenLayer[] = [];
  for (const [at, paths] of (await cutIntoLayers(root, count)).entries()) {
    const extra = join(directory, `extra-${at}`);
    await writeExtra(extra, { root, at, count });
    layers.push(await writeLayer({ root, paths, extra, compression, blobs }));
    await rm(extra, { recursive: true });
  }
  const keep = async (bytes: Buffer, mediaType: string): Promise<Descriptor> => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const oci = 'application/vnd.oci.image';
  const diffIds = layers.map(({ diffId }) => diffId);
  const platform = { os: 'linux', architecture: 'amd64' };
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const config = await keep(json({ ...platform, config: {}, rootfs }), `${oci}.config.v1+json`);
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const manifestType = `${oci}.manifest.v1+json`;
  const content = { schemaVersion: 2, mediaType: manifestType, config, layers: descriptors };
  const manifest = await keep(json(content), manifestType);
  await writeFile(join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(layout, 'index.json'),
    json({ schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests: [manifest] }),
  );
  if (shape === 'oci-layout') return `oci:${layout}`;
  if (shape === 'docker-archive') await addDockerManifest(layout, config, descriptors);
  const archive = join(directory, 'image.tar');
  await output('tar', ['-C', layout, '-cf', archive, '.']);
  await rm(layout, { recursive: true });
  return `${shape}:${archive}`;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What `docker save` adds to a layout. */
async function addDockerManifest(
  layout: string,
  config: Descriptor,
  layers: readonly Descriptor[],
): Promise<void> {
  const path = ({ digest }: Descriptor): string => `blobs/${digest.replace(':', '/')}`;
  const entry = {
    Config: path(config),
    RepoTags: ['lazaret/accuracy:1'],
    Layers: layers.map(path),
  };
  await writeFile(join(layout, 'manifest.json'), json([entry]));
}

/** Paths of the root, in order, in pieces of about the same number of bytes. */
async function cutIntoLayers(root: string, count: number): Promise<string[][]> {
  const listed = await output('find', [root, '-mindepth', '1', '-printf', '%s %P\\0']);
  const entries = listed.split('\0').flatMap((row) => {
    const space = row.indexOf(' ');
    const path = row.slice(space + 1);
    return row === '' || /^(?:dev|proc|sys)\//.test(path)
      ? []
      : [{ bytes: Number(row.slice(0, space)), path }];
  });
  const ordered = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const share = ordered.reduce((sum, { bytes }) => sum + bytes, 1) / count;
  const layers: string[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const { bytes, path } of ordered) {
    layers[Math.min(count - 1, Math.floor(before / share))]?.push(path);
    before += bytes;
  }
  return layers;
}

const status = 'var/lib/dpkg/status';

/** Content of a layer besides its share of the root. */
async function writeExtra(
  directory: string,
  { root, at, count }: { root: string; at: number; count: number },
): Promise<void> {
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  };
  await mkdir(directory, { recursive: true });
  const whole = await readFile(join(root, status), 'utf8').catch(() => undefined);
  if (whole !== undefined) {
    const paragraphs = whole.split('\n\n');
    const some = paragraphs.slice(0, Math.ceil(((at + 1) / count) * paragraphs.length));
    await put(status, at === count - 1 ? whole : `${some.join('\n\n')}\n\n`);
  }
  if (count > 1 && at === 0) {
    const path = `${removedFolder}/node_modules/${removedPackage.name}/package.json`;
    await put(path, JSON.stringify(removedPackage));
  }
  if (at === 1) await put(`${removedFolder}/.wh.node_modules`, '');
}

interface WrittenLayer {
  readonly diffId: string;
  readonly descriptor: Descriptor;
}

interface LayerPlan {
  readonly root: string;
  readonly paths: readonly string[];
  readonly extra: string;
  readonly compression: Compression;
  readonly blobs: string;
}

/** Packed by GNU tar, so that our code does not read its own output. */
async function writeLayer({
  root,
  paths,
  extra,
  compression,
  blobs,
}: LayerPlan): Promise<WrittenLayer> {
  const list = `${extra}.list`;
  const own = paths.filter((path) => path !== status);
  await writeFile(list, own.map((path) => `${path}\0`).join(''));
  const words = ['--numeric-owner', '--no-recursion', '-cf', '-', '-C', root, '--null', '-T', list];
  const tar = spawn('tar', [...words, '--recursion', '-C', extra, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => tar.once('close', resolve));
  const [inner, outer] = [createHash('sha256'), createHash('sha256')];
  const target = join(blobs, 'making');
  let size = 0;
  const sized = tap((chunk) => (size += chunk.length), outer);
  const into = createWriteStream(target);
  await pipeline(
    tar.stdout,
    tap(() => 0, inner),
    compressor(compression),
    sized,
    into,
  );
  if ((await ended) !== 0) throw new Error('tar failed');
  const hex = outer.digest('hex');
  await rename(target, join(blobs, hex));
  await rm(list);
  const mediaType = `application/vnd.oci.image.layer.v1.tar${endings[compression]}`;
  const descriptor = { mediaType, digest: `sha256:${hex}`, size };
  return { diffId: `sha256:${inner.digest('hex')}`, descriptor };
}

const endings = { none: '', gzip: '+gzip', zstd: '+zstd' };

function compressor(compression: Compression): Transform {
  if (compression === 'gzip') return createGzip({ level: 1 });
  return compression === 'zstd' ? createZstdCompress() : new PassThrough();
}

function tap(see: (chunk: Buffer) => void, hash: Hash): Transform {
  const through = new PassThrough();
  through.on('data', (chunk: Buffer) => {
    see(chunk);
    hash.update(chunk);
  });
  return through;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
