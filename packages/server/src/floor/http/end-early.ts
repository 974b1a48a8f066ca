/**
 * Responses that are sent before the body was read. Closing at once would reset the connection, and
 * the client, still sending, might never see the response. So the response is sent completely, a
 * part of the body is discarded for a short time, and then the connection is closed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { httpLimits } from './limits.ts';
import { abandonBody } from './read-body.ts';

/**
 * Writes the response; closes when the client has disconnected, has sent all, or after a short
 * time.
 */
export function endEarly(
  request: IncomingMessage,
  response: ServerResponse,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, number | string | string[] | undefined>>;
    readonly body: string;
  },
): void {
  abandonBody(request);
  response.writeHead(answer.status, {
    ...answer.headers,
    connection: 'close',
    'content-length': Buffer.byteLength(answer.body),
  });
  response.write(answer.body);
  let discardedBytes = 0;
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, httpLimits.lingerMs);
  request.on('data', (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > httpLimits.lingerBytes) request.pause();
  });
  request.once('end', end).once('close', end).on('error', end);
  request.resume();
}
