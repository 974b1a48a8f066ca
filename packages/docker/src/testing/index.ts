/** For tests: single calls of the local engine, without a client to close. */
import { buffer } from 'node:stream/consumers';

import { anyAnswer, createDockerClient, type DockerRequest } from '../docker-client.ts';

/** One call with a JSON response; undefined when it is empty. Throws DockerError. */
export async function askEngine(socket: string, request: DockerRequest): Promise<unknown> {
  const client = createDockerClient({ address: `unix://${socket}` });
  try {
    return await client.call(request, anyAnswer);
  } finally {
    await client.close();
  }
}

/** One call with a binary response, such as a log or an archive. Throws DockerError. */
export async function readEngine(socket: string, request: DockerRequest): Promise<Buffer> {
  const client = createDockerClient({ address: `unix://${socket}` });
  try {
    return await buffer(await client.stream(request));
  } finally {
    await client.close();
  }
}
