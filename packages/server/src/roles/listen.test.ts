import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';

import { listen, parseAddress, urlOf } from './listen.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function take(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return server;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

test('a configured address that is in use is a problem that names it', async () => {
  const port = portOf(await take(0));
  const app = Fastify();
  await expect(listen(app, { host: '127.0.0.1', port, exact: true })).rejects.toMatchObject({
    code: 'address_in_use',
    message: `cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
  });
});

test('a default port that is in use is replaced by the next free one', async () => {
  const port = portOf(await take(0));
  const app = Fastify();
  open.push(app);
  const bound = await listen(app, { host: '127.0.0.1', port, exact: false });
  expect(bound.port).toBeGreaterThan(port);
});

test('an address of another machine is a problem', async () => {
  const app = Fastify();
  const wanted = { host: '192.0.2.1', port: 8100, exact: true };
  await expect(listen(app, wanted)).rejects.toMatchObject({ code: 'address_in_use' });
});

test.each([
  ['127.0.0.1:8100', { host: '127.0.0.1', port: 8100 }, 'http://127.0.0.1:8100'],
  ['[::1]:80', { host: '::1', port: 80 }, 'http://[::1]:80'],
  ['0.0.0.0:9', { host: '0.0.0.0', port: 9 }, 'http://127.0.0.1:9'],
])('%s is parsed, and formatted for a browser', (text, address, url) => {
  expect(parseAddress(text)).toEqual(address);
  expect(urlOf(address)).toBe(url);
});
