/**
 * An image of a container engine. The export of the engine is a stream whose list of layers may
 * come last (the classic store writes it after them), so layers cannot be identified while
 * streaming; and a second export would make the engine pack everything twice. It is spooled once to
 * an unlinked temporary file and read in place like any `docker save` archive.
 */
import { z } from 'zod';

import { createEngineApi, engineName } from './engine-api.ts';
import type { EngineApi } from './engine-api.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { archiveSource } from './image-archive.ts';
import { SourceError, type ImageSource } from '@lazaret/oci';
import { sourceLimits } from './limits.ts';
import type { LocalOptions } from './local-image.ts';
import { spool } from './spool.ts';

export interface EngineImageOptions extends Pick<LocalOptions, 'defaultPlatform'> {
  readonly endpoint: DockerEndpoint;
  /** Directory for the export, with enough space for the uncompressed image. */
  readonly spoolDirectory: string;
  /** `imageSpoolBytes` unless given. */
  readonly spoolBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an image by name or id. Throws SourceError `not_found` when the engine does not have it,
 * `unreachable` when there is no engine. The first `list` starts the export.
 */
export async function openEngineImage(
  reference: string,
  options: EngineImageOptions,
): Promise<ImageSource> {
  const api = createEngineApi(options.endpoint);
  let found: z.output<typeof inspected>;
  try {
    found = await api.ask(`/images/${engineName(reference)}/json`, inspected);
  } catch (error) {
    await api.close();
    if (!(error instanceof SourceError) || error.code !== 'not_found') throw error;
    const message = `the container engine has no image ${reference}`;
    throw new SourceError('not_found', message, { cause: error });
  }
  let exported: Promise<ImageSource> | undefined;
  return {
    kind: 'engine',
    reference,
    async list(choice) {
      exported ??= exportImage(api, { id: found.Id, reference, options });
      const { images, diagnostics } = await (await exported).list(choice);
      // An export by id contains no names, and an export by name could be another image by now.
      return { images: images.map((image) => ({ ...image, names: found.names })), diagnostics };
    },
    async close() {
      await exported?.then(
        (source) => source.close(),
        () => undefined,
      );
      await api.close();
    },
  };
}

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const inspected = z
  .object({ Id: z.string(), RepoTags: texts, RepoDigests: texts })
  .transform(({ Id, RepoTags, RepoDigests }) => ({
    Id,
    names: RepoTags.length > 0 ? RepoTags : RepoDigests,
  }));

interface Export {
  readonly id: string;
  readonly reference: string;
  readonly options: EngineImageOptions;
}

async function exportImage(
  api: EngineApi,
  { id, reference, options }: Export,
): Promise<ImageSource> {
  const { defaultPlatform, spoolDirectory, spoolBytes, signal } = options;
  const stream = await api.stream(`/images/${engineName(id)}/get`, signal);
  const maxBytes = spoolBytes ?? sourceLimits.imageSpoolBytes;
  const bytes = await spool(stream, { directory: spoolDirectory, maxBytes });
  return archiveSource(bytes, { kind: 'engine', reference, defaultPlatform });
}
