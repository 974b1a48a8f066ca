/**
 * Opens whatever `detectSource` found. What speaks over a socket or a network is loaded when it is
 * needed: the HTTP client costs more than all else that looks at a file of this machine.
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
  /** Needed for images and containers of an engine. */
  readonly engine?: DockerEndpoint | undefined;
  /** Needed for images in registries; left out where the network must not be used. */
  readonly registry?: RegistryOptions | undefined;
  /** Of an image in a registry: the digest that is asked for in place of its tag. */
  readonly pin?: string | undefined;
  readonly directory?: DirectoryTreeOptions;
  /** Needed for an archive on standard input. */
  readonly openStdin?: (() => AsyncIterable<Uint8Array>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images have layers; the others are one tree. */
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
  throw new SourceError('unsupported', 'this source is not known');
}

async function openFromEngine(reference: string, options: OpenSourceOptions): Promise<ImageSource> {
  const { defaultPlatform, spoolDirectory, spoolBytes, signal } = options;
  if (spoolDirectory === undefined) {
    const message = 'an image of an engine needs a directory where its export is put aside';
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
  throw new SourceError('unreachable', `${reference} is in a registry, and none may be asked here`);
}

function needEngine({ engine }: OpenSourceOptions): DockerEndpoint {
  if (engine !== undefined) return engine;
  throw new SourceError('unreachable', 'no engine is known here');
}

function needStdin({ openStdin }: OpenSourceOptions): () => AsyncIterable<Uint8Array> {
  if (openStdin !== undefined) return openStdin;
  throw new SourceError('unsupported', 'there is no standard input to read here');
}
