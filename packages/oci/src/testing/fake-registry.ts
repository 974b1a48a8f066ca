/**
 * An in-process registry over HTTP or HTTPS with fault injection: it stores images in memory,
 * accepts pushes and supports all authentication schemes. For tests, and with `npm run registry`
 * for trying clients manually.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { type IssuedCertificates, issueCertificates } from './issue-certificates.ts';
import { type RegistryAccess, RegistryGate } from './registry-access.ts';
import { FaultSwitches } from './registry-faults.ts';
import { RegistryStore } from './registry-store.ts';
import { RegistryHandler } from './registry-handler.ts';
import { recordRequest, type SeenRequest } from './serve-lists.ts';

export interface FakeRegistryOptions {
  readonly now: () => number;
  readonly access?: RegistryAccess;
  /** Uses TLS with a certificate of its own authority. */
  readonly tls?: boolean;
  /** Additional names in its certificate. */
  readonly names?: readonly string[];
  /** With TLS: requires the client certificate in `certificates`. */
  readonly clientCertificates?: boolean;
  /** A free port unless given. */
  readonly port?: number;
  readonly address?: string;
  /** Delay between the bytes of a slow body. */
  readonly dripMs?: number;
  /** Value of Retry-After. */
  readonly retryAfterSeconds?: number;
  /** Maximum size of a pushed body. */
  readonly maxBytes?: number;
  readonly onRequest?: (request: SeenRequest) => void;
}

export interface FakeRegistry {
  /** `127.0.0.1:4711`, as in references. */
  readonly host: string;
  /** `localhost:4712`: the target of blob redirects. */
  readonly storageHost: string;
  readonly store: RegistryStore;
  readonly faults: FaultSwitches;
  readonly gate: RegistryGate;
  /** All requests, of both hosts. */
  readonly requests: SeenRequest[];
  /** With TLS. */
  readonly certificates: IssuedCertificates | undefined;
  close(): Promise<void>;
}

const defaultMaxBytes = 4 * 1024 ** 3;

/** Starts listening on the loopback. */
export async function startFakeRegistry(options: FakeRegistryOptions): Promise<FakeRegistry> {
  const { now, access = { mode: 'open' }, tls = false, address = '127.0.0.1' } = options;
  const store = new RegistryStore();
  const faults = new FaultSwitches();
  const gate = new RegistryGate({ access, faults, now });
  const requests: SeenRequest[] = [];
  const certificates = tls
    ? issueCertificates([...['localhost', '127.0.0.1', address], ...(options.names ?? [])])
    : undefined;
  const scheme = tls ? 'https' : 'http';
  const handler = new RegistryHandler({
    store,
    faults,
    ...{ gate, access, now },
    dripMs: options.dripMs ?? 20,
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    origin: () => `${scheme}://${address}:${main.port}`,
    storageOrigin: () => `${scheme}://localhost:${storage.port}`,
  });
  const observe = (handle: Handler): Handler => {
    return async (request, response) => {
      const seen = recordRequest(request, response);
      requests.push(seen);
      response.on('close', () => options.onRequest?.(seen));
      await handle(request, response).catch(() => response.destroy());
    };
  };
  const parts = { certificates, clientCertificates: options.clientCertificates ?? false };
  const main = await listen(observe(handler.handle), {
    ...parts,
    address,
    port: options.port ?? 0,
  });
  const storage = await listen(observe(handler.handleStorage), { ...parts, address, port: 0 });
  return {
    host: `${address}:${main.port}`,
    storageHost: `localhost:${storage.port}`,
    store,
    faults,
    gate,
    requests,
    certificates,
    async close() {
      await Promise.all([main.close(), storage.close()]);
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Listening {
  readonly certificates: IssuedCertificates | undefined;
  readonly clientCertificates: boolean;
  readonly address: string;
  readonly port: number;
}

async function listen(
  handle: Handler,
  { certificates, clientCertificates, address, port }: Listening,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void handle(request, response);
  };
  const server =
    certificates === undefined
      ? createServer(answer)
      : createSecureServer(
          {
            ...certificates.server,
            ca: certificates.ca,
            requestCert: clientCertificates,
            rejectUnauthorized: clientCertificates,
          },
          answer,
        );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
