/** Archives and layouts on disk, for tests of local sources. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { gather } from '../../archive/testing/tar-samples.ts';
import { buildImage } from '../../testing/image-builder.ts';
import type { BuiltImage, ImageInput } from '../../testing/image-builder.ts';
import { writeFiles } from '../../testing/write-image.ts';
import type { ImageFiles } from '../../testing/write-image.ts';
import { openFileBytes } from '../file-bytes.ts';
import { openImageArchive } from '../image-archive.ts';
import type { ImageArchiveOptions } from '../image-archive.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing, ImageSource, PlatformChoice, SourceImage } from '@lazaret/oci';
import { openOciLayout } from '../oci-layout.ts';

export const defaultPlatform = { os: 'linux', architecture: 'amd64' };
export const name = 'lab.example/app:1';
/** The directory with all files of a test. */
export const place = join(tmpdir(), `lazaret-sources-${randomUUID()}`);
let counter = 0;

/** Creates and removes the directory of a test file. */
export function useLocalSources(): void {
  beforeAll(() => mkdir(place));
  afterAll(() => rm(place, { recursive: true }));
}

export function layer(text: string): ImageInput['layers'][number] {
  return { entries: [{ path: text, content: Buffer.from(text) }] };
}

export async function put(bytes: Uint8Array): Promise<string> {
  counter += 1;
  const path = join(place, `${counter}.tar`);
  await writeFile(path, bytes);
  return path;
}

export async function putLayout(files: ImageFiles): Promise<string> {
  counter += 1;
  const path = join(place, `layout-${counter}`);
  await mkdir(path);
  await writeFiles(path, files);
  return path;
}

export async function using<T>(
  source: Promise<ImageSource>,
  run: (source: ImageSource) => Promise<T>,
): Promise<T> {
  const opened = await source;
  try {
    return await run(opened);
  } finally {
    await opened.close();
  }
}

export async function listArchive(
  bytes: Uint8Array,
  options: Partial<ImageArchiveOptions & { choice: PlatformChoice }> = {},
): Promise<ImageListing & { kind: string }> {
  const { choice = 'default', ...rest } = options;
  const source = openImageArchive(await put(bytes), { defaultPlatform, ...rest });
  return using(source, async (opened) => ({ ...(await opened.list(choice)), kind: opened.kind }));
}

export async function listLayout(
  files: ImageFiles,
  choice: PlatformChoice = 'default',
): Promise<ImageListing> {
  const source = openOciLayout(await putLayout(files), { defaultPlatform });
  return using(source, (opened) => opened.list(choice));
}

export async function failure(listing: Promise<unknown>): Promise<SourceError> {
  const error = await listing.catch((cause: unknown) => cause);
  if (!(error instanceof SourceError)) throw new Error('expected a SourceError', { cause: error });
  return error;
}

export async function stored(bytes: Uint8Array): Promise<Buffer[]> {
  const source = openImageArchive(await put(bytes), { defaultPlatform });
  return using(source, async (opened) => readLayers((await opened.list('default')).images[0]));
}

export async function readLayers(image: SourceImage | undefined): Promise<Buffer[]> {
  const layers: Buffer[] = [];
  for (const { open, file } of image?.layers ?? []) {
    const bytes = await gather(await open());
    layers.push(bytes);
    if (file === undefined) continue;
    const direct = await openFileBytes(file.path);
    expect(await direct.read(file.offset, file.sizeBytes)).toEqual(bytes);
    await direct.close();
  }
  return layers;
}

export function reasons({ diagnostics }: ImageListing): string[] {
  return diagnostics.map(({ reason }) => reason);
}

export function without(files: ImageFiles, ...paths: string[]): ImageFiles {
  return new Map([...files].filter(([path]) => !paths.includes(path)));
}

export function replace(files: ImageFiles, path: string, content: Uint8Array | string): ImageFiles {
  return new Map(files).set(path, { path, content: Buffer.from(content) });
}

export async function sample(): Promise<BuiltImage> {
  return buildImage({ layers: [layer('zz'), layer('aa'), layer('mm')], names: [name] });
}
