import { DockerError } from './docker-error.ts';

/** The address of a Docker engine. */
export interface DockerEndpoint {
  /** `unix:///var/run/docker.sock`, or `tcp://host:2376`. */
  readonly address: string;
  /** PEM texts; TCP is encrypted when they are given. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** The name in the certificate of the engine, if it differs from the address. */
    readonly serverName?: string;
  };
}

interface Connection {
  readonly origin: string;
  readonly connect: Readonly<Record<string, string>>;
}

/** Throws DockerError `invalid_endpoint` for an invalid address. */
export function parseEndpoint({ address, tls }: DockerEndpoint): Connection {
  if (address.startsWith('unix:///')) {
    return { origin: 'http://localhost', connect: { socketPath: address.slice('unix://'.length) } };
  }
  const host = address.startsWith('tcp://') ? address.slice('tcp://'.length) : '';
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}`;
  const url = host === '' ? null : URL.parse(origin);
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    const wanted = 'expected unix:///path/of/docker.sock or tcp://host:port';
    throw new DockerError('invalid_endpoint', `invalid engine address "${address}": ${wanted}`);
  }
  const { serverName, ...pem } = tls ?? {};
  const connect = { ...pem, ...(serverName === undefined ? {} : { servername: serverName }) };
  return { origin: url.origin, connect };
}
