/**
 * A registry in this process, over HTTP or HTTPS: it holds images in memory, takes pushes, asks for
 * credentials in every way that registries do, and goes wrong on demand. For tests, and by
 * `npm run registry` for trying clients by hand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { type IssuedCertificates, issueCertificates } from './issue-certificates.ts';
import { type RegistryAccess, RegistryGate } from './registry-access.ts';
import { FaultSwitches } from './registry-faults.ts';
import { RegistryStore } from './registry-store.ts';
import { RegistryHandler } from './registry-handler.ts';
import { noteRequest, type SeenRequest } from './serve-lists.ts';

export interface FakeRegistryOptions {
  readonly now: () => number;
  readonly access?: RegistryAccess;
  /** Speaks TLS with a certificate of an authority of its own. */
  readonly tls?: boolean;
  /** Further names in its certificate. */
  readonly names?: readonly string[];
  /** With TLS: only for clients that show the certificate in `certificates`. */
  readonly clientCertificates?: boolean;
  /** 0, any free one, unless given. */
  readonly port?: number;
  readonly address?: string;
  /** Between the bytes of a slow body. */
  readonly dripMs?: number;
  /** What Retry-After says. */
  readonly retryAfterSeconds?: number;
  /** Largest body of a push. */
  readonly maxBytes?: number;
  readonly onRequest?: (request: SeenRequest) => void;
}

export interface FakeRegistry {
  /** `127.0.0.1:4711`, as in references. */
  readonly host: string;
  /** `localhost:4712`: where redirects of blobs lead. */
  readonly storageHost: string;
  readonly store: RegistryStore;
  readonly faults: FaultSwitches;
  readonly gate: RegistryGate;
  /** Everything that was asked, at both hosts. */
  readonly requests: SeenRequest[];
  /** With TLS. */
  readonly certificates: IssuedCertificates | undefined;
  close(): Promise<void>;
}

const defaultMaxBytes = 4 * 1024 ** 3;

/** Listens on the loopback until it is closed. */
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
    gate,
    dripMs: options.dripMs ?? 20,
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    origin: () => `${scheme}://${address}:${main.port}`,
    storageOrigin: () => `${scheme}://localhost:${storage.port}`,
  });
  const observe = (handle: Handler): Handler => {
    return async (request, response) => {
      const seen = noteRequest(request, response);
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
