/** Read-only access of sources to the API of a container engine. */
import { createDockerClient, DockerError, pathName, type DockerEndpoint } from '@lazaret/docker';
import { ociLimits, SourceError } from '@lazaret/oci';
import type { z } from 'zod';

import { sourceLimits } from './limits.ts';

export interface EngineApi {
  /** A validated response; throws SourceError (`not_found`, `unreachable`, ...). */
  ask<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** A response body; a truncated one throws SourceError `unreachable`. */
  stream(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** Connects on first use. Throws SourceError `unsupported` for an unsupported address. */
export function createEngineApi(endpoint: DockerEndpoint): EngineApi {
  const client = translated(() => createDockerClient(endpoint));
  // Reading is the same in every version of the API, so engines of any age are read.
  const reading = { method: 'GET', unversioned: true } as const;
  return {
    async ask(path, schema) {
      try {
        return await client.call({ ...reading, path }, schema);
      } catch (error) {
        throw sourceError(error);
      }
    },
    async stream(path, signal) {
      const deadlineMs = sourceLimits.imageExportMs;
      const idleMs = ociLimits.registryIdleMs;
      try {
        const body = await client.stream({ ...reading, path, deadlineMs, idleMs, signal });
        return translatedStream(body, signal);
      } catch (error) {
        throw aborted(error, signal) ?? sourceError(error);
      }
    },
    close: () => client.close(),
  };
}

/** The part of a path that names an image or a container; throws SourceError `not_found`. */
export function engineName(name: string): string {
  return translated(() => pathName(name));
}

async function* translatedStream(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw aborted(error, signal) ?? sourceError(error);
  }
}

/** A request aborted by the caller fails with the reason of the caller. */
function aborted(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted !== true) return undefined;
  return error instanceof DockerError && error.code === 'aborted' ? signal.reason : error;
}

function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw sourceError(error);
  }
}

const codes: Readonly<Record<DockerError['code'], SourceError['code']>> = {
  unreachable: 'unreachable',
  deadline: 'unreachable',
  aborted: 'unreachable',
  refused: 'unsupported',
  not_found: 'not_found',
  conflict: 'unsupported',
  bad_answer: 'damaged',
  too_large: 'too_large',
  incompatible: 'unsupported',
  invalid_endpoint: 'unsupported',
};

function sourceError(error: unknown): unknown {
  if (!(error instanceof DockerError)) return error;
  return new SourceError(sourceCode(error), error.message, { cause: error });
}

function sourceCode({ code, status = 0 }: DockerError): SourceError['code'] {
  if (status === 401 || status === 403) return 'unauthorized';
  return status >= 500 ? 'unreachable' : codes[code];
}
