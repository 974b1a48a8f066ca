/** The file system of a container, running or not, as a file tree. */
import { z } from 'zod';

import { tarTree } from '../tree/tar-tree.ts';
import type { TarTreeOptions } from '../tree/tar-tree.ts';
import type { FileTree } from '../tree/file-tree.ts';
import { createEngineApi, engineName } from './engine-api.ts';
import type { DockerEndpoint } from '@lazaret/docker';

export interface ContainerTree extends FileTree {
  readonly id: string;
  readonly name: string;
  /** The image as the container was asked for, and its id. */
  readonly image: string;
  readonly imageId: string;
  /**
   * Paths in the container where volumes and host directories are mounted: their content is no part
   * of the container's file system and is not in the walk.
   */
  readonly mounts: readonly string[];
  close(): Promise<void>;
}

export interface ContainerOptions extends TarTreeOptions {
  readonly endpoint: DockerEndpoint;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a container by name or id. Throws SourceError `not_found`, `unreachable`. Each walk is an
 * export of its own, streamed; a running container may change meanwhile. Walking throws SourceError
 * when the engine breaks off, and TarError.
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
    throw error;
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
