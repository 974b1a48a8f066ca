/**
 * Opens a detected source. Clients of sockets and networks are loaded on demand: the HTTP client
 * costs more than everything else that reads local files.
 */
import type { ContainerTree } from './container.ts';
import type { DetectedSource } from './detect-source.ts';
import { openDirectoryTree } from './directory.ts';
import type { DirectoryTree, DirectoryTreeOptions } from './directory.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { openImageArchive, openImageStream } from './image-archive.ts';
import type { ImageArchiveOptions } from './image-archive.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageSource } from '@lazaret/oci';
import { openOciLayout } from './oci-layout.ts';
import type { RegistryOptions } from '@lazaret/oci/registry';

export interface OpenSourceOptions extends Omit<ImageArchiveOptions, 'name'> {
  /** Required for images and containers of a container engine. */
  readonly engine?: DockerEndpoint | undefined;
  /** Required for images in registries; absent when the network must not be used. */
  readonly registry?: RegistryOptions | undefined;
  /** For an image in a registry: the digest that is requested instead of its tag. */
  readonly pin?: string | undefined;
  readonly directory?: DirectoryTreeOptions;
  /** Required for an archive on standard input. */
  readonly openStdin?: (() => AsyncIterable<Uint8Array>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images have layers; the others are a single tree. */
export type OpenedSource =
  | { readonly kind: 'image'; readonly source: ImageSource }
  | { readonly kind: 'directory'; readonly reference: string; readonly tree: DirectoryTree }
  | { readonly kind: 'container'; readonly reference: string; readonly tree: ContainerTree };

/** Throws SourceError. */
export async function openSource(
  detected: DetectedSource,
  options: OpenSourceOptions,
): Promise<OpenedSource> {
  switch (detected.kind) {
    case 'directory': {
      const { path } = detected;
      const tree = await openDirectoryTree(path, options.directory);
      return { kind: 'directory', reference: path, tree };
    }
    case 'oci-layout': {
      const { path, name } = detected;
      return { kind: 'image', source: await openOciLayout(path, { ...options, name }) };
    }
    case 'image-archive': {
      const { path, name } = detected;
      return { kind: 'image', source: await openImageArchive(path, { ...options, name }) };
    }
    case 'stdin': {
      const { reference, name } = detected;
      const stream = needStdin(options)();
      const source = await openImageStream(stream, { ...options, reference, name });
      return { kind: 'image', source };
    }
    case 'container': {
      const { reference } = detected;
      const endpoint = needEngine(options);
      const { openContainerTree } = await import('./container.ts');
      const tree = await openContainerTree(reference, { endpoint, signal: options.signal });
      return { kind: 'container', reference, tree };
    }
    case 'engine':
      return { kind: 'image', source: await openFromEngine(detected.reference, options) };
    case 'registry':
      return { kind: 'image', source: await openFromRegistry(detected.reference, options) };
  }
  throw new SourceError('unsupported', 'unknown kind of source');
}

async function openFromEngine(reference: string, options: OpenSourceOptions): Promise<ImageSource> {
  const { defaultPlatform, spoolDirectory, spoolBytes, signal } = options;
  if (spoolDirectory === undefined) {
    const message = 'images of a container engine need a spool directory for their export';
    throw new SourceError('unsupported', message);
  }
  const endpoint = needEngine(options);
  const limits = { spoolDirectory, spoolBytes };
  const { openEngineImage } = await import('./engine.ts');
  return openEngineImage(reference, { endpoint, defaultPlatform, ...limits, signal });
}

async function openFromRegistry(
  reference: string,
  options: OpenSourceOptions,
): Promise<ImageSource> {
  const { registry, defaultPlatform, pin, signal } = options;
  if (registry !== undefined) {
    const { openRegistrySource } = await import('@lazaret/oci/registry');
    return openRegistrySource(reference, { ...registry, defaultPlatform, pin, signal });
  }
  throw new SourceError(
    'unreachable',
    `${reference} is a registry image, but registry access is disabled (offline)`,
  );
}

function needEngine({ engine }: OpenSourceOptions): DockerEndpoint {
  if (engine !== undefined) return engine;
  throw new SourceError('unreachable', 'no container engine is configured (set DOCKER_HOST)');
}

function needStdin({ openStdin }: OpenSourceOptions): () => AsyncIterable<Uint8Array> {
  if (openStdin !== undefined) return openStdin;
  throw new SourceError('unsupported', 'standard input is not available');
}
