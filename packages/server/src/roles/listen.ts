/** Binds an address: the configured one, or the next free port after the default. */
import { Problem } from '@lazaret/protocol';
import type { FastifyInstance } from 'fastify';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const portsTried = 50;

/** `[::1]:8100` to its parts. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}

/** Returns the address. An address in use is an error when it was configured. */
export async function listen(
  app: FastifyInstance,
  wanted: Address & { readonly exact: boolean },
): Promise<Address> {
  const last = wanted.exact || wanted.port === 0 ? wanted.port : wanted.port + portsTried;
  for (let port = wanted.port; port <= last; port += 1) {
    try {
      await app.listen({ host: wanted.host, port });
      const bound = app.server.address();
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
      return { host: wanted.host, port: boundPort };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
      if (port < last && code === 'EADDRINUSE') continue;
      throw new Problem('address_in_use', `cannot listen on ${wanted.host}:${port} (${code})`, {
        cause: error,
      });
    }
  }
  throw new Error('no port was tried');
}

/** The address for a browser on this machine. */
export function urlOf(address: Address): string {
  const anywhere = address.host === '0.0.0.0' || address.host === '::';
  const host = anywhere
    ? '127.0.0.1'
    : address.host.includes(':')
      ? `[${address.host}]`
      : address.host;
  return `http://${host}:${address.port}`;
}
