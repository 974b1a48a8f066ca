/**
 * A tar archive with images: `docker save` of any version, or an OCI layout; or an unpacked
 * directory. Layers are read in place; only a compressed archive is spooled first, since its
 * members cannot be accessed directly.
 */
import { stat } from 'node:fs/promises';

import { CompressionError, decompress, sniffCompression } from '../archive/decompress.ts';
import { TarError } from '../archive/tar-entry.ts';
import { analysisLimits } from '../limits.ts';
import { openFileBytes } from './file-bytes.ts';
import type { FileBytes } from './file-bytes.ts';
import { archiveFiles, directoryFiles } from './image-files.ts';
import type { ImageFiles } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing, ImageSource, PlatformChoice, SourceImage } from '@lazaret/oci';
import { sourceLimits } from './limits.ts';
import { isDockerArchive, listDocker } from './list-docker.ts';
import { isOciLayout, listOci } from './list-oci.ts';
import type { LocalOptions } from './local-image.ts';
import { spool } from './spool.ts';

export interface ImageArchiveOptions extends LocalOptions {
  /** Directory for spooled archives. Without it compressed archives are refused. */
  readonly spoolDirectory?: string | undefined;
  /** `imageSpoolBytes` unless given. */
  readonly spoolBytes?: number | undefined;
}

/** Opens an archive or an unpacked one. Throws SourceError when it is not an image archive. */
export async function openImageArchive(
  path: string,
  options: ImageArchiveOptions,
): Promise<ImageSource> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory() === true) {
    return filesSource(await directoryFiles(path), { ...options, reference: path });
  }
  const bytes = await openPlain(path, options);
  return archiveSource(bytes, { ...options, reference: path });
}

/** The same from bytes that are read by position, wherever they are; the source owns them then. */
export async function openImageBytes(
  file: FileBytes,
  options: ImageArchiveOptions & { readonly reference: string },
): Promise<ImageSource> {
  const bytes = await plainBytes(file, options);
  return archiveSource(bytes, options);
}

/** Opens an archive from a stream, such as standard input, by spooling it. Throws SourceError. */
export async function openImageStream(
  stream: AsyncIterable<Uint8Array>,
  options: ImageArchiveOptions & { readonly reference: string },
): Promise<ImageSource> {
  const bytes = await inflate(stream, options).catch((error: unknown) => {
    throw archiveFailure(error);
  });
  if (bytes.sizeBytes === 0) {
    await bytes.close();
    throw new SourceError('damaged', 'standard input is empty');
  }
  return archiveSource(bytes, options);
}

export interface ArchiveSourceOptions extends LocalOptions {
  readonly reference: string;
  readonly kind?: ImageSource['kind'];
}

/** The images in an archive; the source takes ownership of the file. Throws SourceError. */
export async function archiveSource(
  bytes: FileBytes,
  options: ArchiveSourceOptions,
): Promise<ImageSource> {
  try {
    return await filesSource(await archiveFiles(bytes), options);
  } catch (error) {
    await bytes.close();
    throw archiveFailure(error);
  }
}

async function filesSource(files: ImageFiles, options: ArchiveSourceOptions): Promise<ImageSource> {
  const isDocker = await isDockerArchive(files);
  const isOci = await isOciLayout(files);
  const kind = options.kind ?? (isOci && !isDocker ? 'oci-archive' : 'docker-archive');
  return {
    kind,
    reference: options.reference,
    list: (choice) => list(files, choice, { options, isDocker, isOci }),
    close: () => files.close(),
  };
}

/** Converts an archive error to a SourceError. */
function archiveFailure(error: unknown): unknown {
  if (error instanceof TarError) {
    if (error.code === 'sparse_unsupported') {
      return new SourceError('unsupported', error.message, { cause: error });
    }
    const code = error.isLimit ? 'too_large' : 'damaged';
    return new SourceError(code, `invalid archive: ${error.message}`, {
      cause: error,
    });
  }
  if (!(error instanceof CompressionError)) return error;
  const code = error.code === 'ratio' ? 'too_large' : error.code;
  return new SourceError(code, `the archive cannot be decompressed: ${error.message}`, {
    cause: error,
  });
}

async function openPlain(path: string, options: ImageArchiveOptions): Promise<FileBytes> {
  return plainBytes(await openFileBytes(path), { ...options, reference: path });
}

async function plainBytes(
  file: FileBytes,
  options: ImageArchiveOptions & { readonly reference: string },
): Promise<FileBytes> {
  let plain: FileBytes;
  try {
    if (file.sizeBytes === 0) throw new SourceError('damaged', `${options.reference} is empty`);
    if (sniffCompression(await file.read(0, 6)) === 'none') return file;
    plain = await inflate(file.stream({ offset: 0, sizeBytes: file.sizeBytes }), options);
  } catch (error) {
    await file.close();
    throw archiveFailure(error);
  }
  await file.close();
  return plain;
}

async function inflate(
  stored: AsyncIterable<Uint8Array>,
  options: ImageArchiveOptions,
): Promise<FileBytes> {
  const { spoolDirectory: directory, spoolBytes: maxBytes = sourceLimits.imageSpoolBytes } =
    options;
  if (directory === undefined) {
    const message = 'the archive must be spooled to be read, but there is no spool directory';
    throw new SourceError('unsupported', message);
  }
  const bounds = {
    totalBytes: maxBytes,
    ratio: analysisLimits.layerRatio,
    freeBytes: analysisLimits.layerRatioFreeBytes,
  };
  const { plain } = await decompress(stored, bounds);
  return spool(plain, { directory, maxBytes });
}

interface ListContext {
  readonly options: LocalOptions;
  readonly isDocker: boolean;
  readonly isOci: boolean;
}

async function list(
  files: ImageFiles,
  choice: PlatformChoice,
  { options, isDocker, isOci }: ListContext,
): Promise<ImageListing> {
  if (isOci && isDocker) return listBoth(files, choice, options);
  return isOci ? listOci(files, choice, options) : listDocker(files, choice, options);
}

/**
 * Docker 25 and later write both lists. Container engines use one or the other, so an image in only
 * one of them is examined too; `all` is listed to distinguish it from other platforms.
 */
async function listBoth(
  files: ImageFiles,
  choice: PlatformChoice,
  options: LocalOptions,
): Promise<ImageListing> {
  const docker = await listDocker(files, 'all', options);
  const everything = await listOci(files, 'all', { ...options, name: undefined });
  const known = new Map(everything.images.map((image) => [contentKey(image), image]));
  const selected =
    choice === 'all' ? everything : await listOci(files, choice, { ...options, name: undefined });
  const chosen = new Set(selected.images.map(contentKey));
  const images: SourceImage[] = [];
  for (const image of docker.images) {
    const twin = known.get(contentKey(image));
    if (twin === undefined) images.push(image);
    else if (chosen.has(contentKey(image))) {
      images.push({ ...twin, names: [...new Set([...image.names, ...twin.names])] });
    }
  }
  const listed = new Set(docker.images.map(contentKey));
  for (const image of selected.images) {
    const isAsked = options.name === undefined || image.names.includes(options.name);
    if (!listed.has(contentKey(image)) && isAsked) images.push(image);
  }
  return { images, diagnostics: [...docker.diagnostics, ...selected.diagnostics] };
}

/** Equal for two entries with the same configuration and layers. */
function contentKey({ configDigest, layers }: SourceImage): string {
  return [configDigest ?? '', ...layers.map(({ digest }) => digest ?? '')].join(' ');
}
