/** The file system of a container, running or stopped, as a file tree. */
import { z } from 'zod';

import { tarTree } from '../tree/tar-tree.ts';
import type { TarTreeOptions } from '../tree/tar-tree.ts';
import type { FileTree } from '../tree/file-tree.ts';
import { createEngineApi, engineName } from './engine-api.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';

export interface ContainerTree extends FileTree {
  readonly id: string;
  readonly name: string;
  /** The image name of the container, and the image id. */
  readonly image: string;
  readonly imageId: string;
  /**
   * Mount points of volumes and host directories in the container: their content is not part of the
   * file system of the container and not walked.
   */
  readonly mounts: readonly string[];
  close(): Promise<void>;
}

export interface ContainerOptions extends TarTreeOptions {
  readonly endpoint: DockerEndpoint;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a container by name or id. Throws SourceError `not_found`, `unreachable`. Each walk streams
 * a new export; a running container may change meanwhile. Walking throws SourceError when the
 * engine closes the connection, and TarError.
 */
export async function openContainerTree(
  reference: string,
  options: ContainerOptions,
): Promise<ContainerTree> {
  const api = createEngineApi(options.endpoint);
  try {
    const found = await api.ask(`/containers/${engineName(reference)}/json`, inspected);
    const { signal, endpoint: _, ...bounds } = options;
    return {
      id: found.Id,
      name: found.Name.replace(/^\//, ''),
      image: found.Config.Image,
      imageId: found.Image,
      mounts: found.Mounts.map(({ Destination }) => Destination),
      async *walk() {
        const stream = await api.stream(`/containers/${engineName(found.Id)}/export`, signal);
        yield* tarTree(stream, bounds).walk();
      },
      close: () => api.close(),
    };
  } catch (error) {
    await api.close();
    if (!(error instanceof SourceError) || error.code !== 'not_found') throw error;
    const message = `the container engine has no container ${reference}`;
    throw new SourceError('not_found', message, { cause: error });
  }
}

const inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Config: z.object({ Image: z.string().default('') }),
  Mounts: z
    .array(z.object({ Destination: z.string() }))
    .nullish()
    .transform((mounts) => mounts ?? []),
});
