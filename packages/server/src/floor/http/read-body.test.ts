/** Bodies of requests whose connection ends before they are read. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readUpload } from './read-body.ts';

const server = createServer();
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => server.close());

/** A request whose client has sent the text and closed the connection. */
async function receive(text: string): Promise<IncomingMessage> {
  const received = once(server, 'request') as Promise<[IncomingMessage]>;
  const socket = connect((server.address() as AddressInfo).port);
  socket.write(`PUT / HTTP/1.1\r\nhost: test\r\n${text}`);
  const [request] = await received;
  await new Promise<void>((resolve) => {
    request.on('error', () => undefined).once('close', resolve);
    socket.destroy();
  });
  return request;
}

test.each([
  ['in part', 'content-length: 10\r\n\r\nabc'],
  ['completely', 'content-length: 3\r\n\r\nabc'],
  ['completely, in chunks', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
])('a body that arrived %s, but was not read before the end, fails at once', async (_, text) => {
  const request = await receive(text);
  const { stream } = await readUpload(request, { idleMs: 3_600_000, ignoreFields: true });
  await expect(stream.toArray()).rejects.toThrow('the connection ended after 0');
});
