/**
 * The listener of the gate: HTTP or HTTPS with the pull endpoint under /v2/, the admission webhook
 * under /admission, and /healthz for load balancers. A plain Node server, because bodies of
 * gigabytes pass through it.
 */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { isLoopback } from '@lazaret/oci';
import { Problem } from '@lazaret/protocol';
import type { Logger } from 'pino';

import { gateLimits } from './limits.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface GateServerOptions {
  readonly host: string;
  readonly port: number;
  /** Plain HTTP without them, which only the loopback may use. */
  readonly certificate: CertificateFiles | undefined;
  readonly log: Logger;
  readonly handle: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;
}

export interface GateServer {
  /** `127.0.0.1:5100` */
  readonly address: string;
  /** Uses a certificate that was renewed. Never throws. */
  renewCertificate(): void;
  close(): Promise<void>;
}

/** Resolves when it listens. Throws Problem. */
export async function startGateServer(options: GateServerOptions): Promise<GateServer> {
  const { host, port, certificate, log } = options;
  if (certificate === undefined && !isLoopback(host)) {
    throw new Problem(
      'invalid_configuration',
      `gateListen: ${host} is not the loopback, so that tokens would be sent in plain text; ` +
        'set gateCert and gateKey',
    );
  }
  const limits = {
    headersTimeout: gateLimits.requestHeadersMs,
    maxHeaderSize: gateLimits.requestHeaderBytes,
    keepAliveTimeout: gateLimits.keepAliveMs,
    highWaterMark: gateLimits.socketBytes,
  };
  const onRequest = createListener(options);
  const server =
    certificate === undefined
      ? createServer(limits, onRequest)
      : createSecureServer({ ...limits, ...readFiles(certificate) }, onRequest);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Problem('address_in_use', `cannot listen on ${host}:${port} (${code})`, {
      cause: error,
    });
  }
  const bound = (server.address() as AddressInfo).port;
  const renew =
    certificate === undefined ? undefined : watchFiles(server as SecureServer, certificate, log);
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${bound}`,
    renewCertificate: () => renew?.(),
    close: () => close(server),
  };
}

function createListener({ handle, log }: GateServerOptions): RequestListener {
  return (request, response) => {
    response.on('error', () => undefined);
    const url = URL.parse(request.url ?? '/', 'http://gate');
    if (url === null) {
      response.writeHead(400).end();
      return;
    }
    handle(request, response, url).catch((error: unknown) => {
      log.error({ err: error }, 'a request to the gate failed');
      response.destroy();
    });
  };
}

function readFiles({ cert, key }: CertificateFiles): CertificateFiles {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new Problem('invalid_configuration', `the file ${path} cannot be read: ${code}`);
    }
  };
  return { cert: read(cert), key: read(key) };
}

/** Tools such as cert-manager replace the files while the process runs. */
function watchFiles(server: SecureServer, files: CertificateFiles, log: Logger): () => void {
  const printOf = (): string =>
    [files.cert, files.key]
      .map((path) => statSync(path))
      .map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`)
      .join(' ');
  let print = printOf();
  return () => {
    try {
      const now = printOf();
      if (now === print) return;
      server.setSecureContext(readFiles(files));
      print = now;
      log.info('the certificate of the gate was renewed');
    } catch (error) {
      // Half of the files may be written: the old certificate stays in use until the next look.
      log.warn({ err: error }, 'the certificate of the gate cannot be renewed');
    }
  };
}

/** Running transfers get a moment to end. */
async function close(server: Server | SecureServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), gateLimits.stopMs);
  await closed;
  clearTimeout(timer);
}
