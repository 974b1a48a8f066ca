/** The listener: TLS, renewed certificates, and addresses that need them. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

import { issueCertificates } from '@lazaret/oci/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startGateServer, type GateServer } from './gate-server.ts';

const log = pino({ level: 'silent' });
const first = issueCertificates(['127.0.0.1', 'localhost']);
const second = issueCertificates(['127.0.0.1', 'localhost']);
let directory = '';
const open: GateServer[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gate-server-'));
});
afterAll(async () => {
  for (const one of open) await one.close();
  await rm(directory, { recursive: true, force: true });
});

function files() {
  return { cert: join(directory, 'gate.crt'), key: join(directory, 'gate.key') };
}

async function write({ server }: typeof first, at: number): Promise<void> {
  const { cert, key } = files();
  await writeFile(cert, server.cert);
  await writeFile(key, server.key);
  for (const path of [cert, key]) await utimes(path, at, at);
}

/** The status over TLS with this authority; rejects when the certificate is not trusted. */
function ask(address: string, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`https://${address}/`, { ca, agent: false }, (answer) => {
      answer.resume();
      const socket = answer.socket as TLSSocket;
      answer.on('end', () => resolve(socket.authorized ? (answer.statusCode ?? 0) : 0));
    });
    asked.on('error', reject).end();
  });
}

test('a certificate that was renewed is used for new connections, a broken one is not', async () => {
  await write(first, 1_000);
  const server = await startGateServer({
    ...{ host: '127.0.0.1', port: 0, certificate: files(), log },
    handle: async (_request, response) => {
      response.end('ok');
    },
  });
  open.push(server);
  expect(await ask(server.address, first.ca)).toBe(200);
  await write(second, 2_000);
  server.renewCertificate();
  expect(await ask(server.address, second.ca)).toBe(200);
  await expect(ask(server.address, first.ca)).rejects.toThrow();
  await writeFile(files().key, 'half of a key');
  server.renewCertificate();
  expect(await ask(server.address, second.ca)).toBe(200);
});

test('other addresses than the loopback need a certificate, and its files must be readable', async () => {
  const options = { port: 0, log, handle: async () => undefined };
  await expect(
    startGateServer({ ...options, host: '0.0.0.0', certificate: undefined }),
  ).rejects.toMatchObject({ code: 'invalid_configuration' });
  const certificate = { cert: join(directory, 'none.crt'), key: join(directory, 'none.key') };
  await expect(
    startGateServer({ ...options, host: '127.0.0.1', certificate }),
  ).rejects.toMatchObject({
    code: 'invalid_configuration',
    message: expect.stringContaining('none.crt cannot be read: ENOENT') as unknown,
  });
});
