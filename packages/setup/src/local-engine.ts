/** Calls of the Docker Engine API to build and import images on this machine. */
import { anyAnswer, createDockerClient, DockerError, type DockerClient } from '@lazaret/docker';
import { z } from 'zod';

/** A line of progress. */
export type Log = (line: string) => void;

export interface LocalImage {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
}

const buildDeadlineMs = 15 * 60_000;
const pingDeadlineMs = 5_000;
/** Lines of a failed build in its error message. */
const shownLines = 40;

/** Opens a client of the engine at a unix socket, uses it, and closes it. */
export async function withEngine<T>(
  socket: string,
  use: (client: DockerClient) => Promise<T>,
): Promise<T> {
  const client = createDockerClient({ address: `unix://${socket}` });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/**
 * Whether an engine responds on this socket. `code` is the system's error code (ENOENT, EACCES,
 * ECONNREFUSED ...) or a message.
 */
export async function pingEngine(
  socket: string,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: string }> {
  try {
    await withEngine(socket, (client) => client.version(AbortSignal.timeout(pingDeadlineMs)));
    return { ok: true };
  } catch (error) {
    return { ok: false, code: systemCode(error) };
  }
}

function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^E[A-Z]+$/.test(cause.code)) {
      return cause.code;
    }
  }
  return error.message;
}

const inspectedImage = z.object({
  Id: z.string(),
  Size: z.number(),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Properties of an image in the engine; undefined when it has none of this name. */
export async function findImage(socket: string, name: string): Promise<LocalImage | undefined> {
  return withEngine(socket, async (client) => {
    try {
      const request = { method: 'GET', path: `/images/${name}/json` } as const;
      const image = await client.call(request, inspectedImage);
      return { id: image.Id, labels: image.Config?.Labels ?? {}, sizeBytes: image.Size };
    } catch (error) {
      if (error instanceof DockerError && error.code === 'not_found') return undefined;
      throw error;
    }
  });
}

/** Removes an image, unless other images are based on it. */
export async function removeImage(socket: string, id: string): Promise<void> {
  await withEngine(socket, (client) =>
    client.call({ method: 'DELETE', path: `/images/${id}`, accept: [404, 409] }, anyAnswer),
  );
}

export interface TarRequest {
  readonly path: '/build' | '/images/create';
  readonly query: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly log?: Log;
}

const progressLine = z.object({
  stream: z.string().optional(),
  error: z.string().optional(),
});

/**
 * Sends a tar archive to a call that returns a stream of JSON lines (import, build). Such a call
 * returns 200 and reports a failure only in its last line, which is thrown as an error.
 */
export async function sendTar(
  socket: string,
  { path, query, body, log = () => {} }: TarRequest,
): Promise<void> {
  await withEngine(socket, async (client) => {
    const request = { method: 'POST', path, query, body, deadlineMs: buildDeadlineMs } as const;
    const output: string[] = [];
    for await (const line of readLines(await client.stream(request))) {
      const { stream = '', error } = progressLine.parse(JSON.parse(line));
      if (error !== undefined) {
        throw new Error(`${error}\n${output.slice(-shownLines).join('\n')}`);
      }
      const text = stream.trim();
      if (text === '') continue;
      output.push(text);
      log(text);
    }
  });
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}
