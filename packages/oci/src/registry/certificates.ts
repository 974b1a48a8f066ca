/** Which certificates a registry is believed with, and which we show it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

import { SourceError } from '../image-source.ts';
import { isHost } from '../reference.ts';

/** PEM texts. */
export interface HostCertificates {
  /** Believed besides those of the system. */
  readonly ca?: readonly string[];
  /** Shown to a server that asks; the pairs in the order in which they are tried. */
  readonly client?: readonly { readonly cert: string; readonly key: string }[];
}

/**
 * Docker's and containers' layout: `<directory>/<host[:port]>/` with `*.crt` as authorities, and
 * `*.cert` beside `*.key` of the same name. Throws SourceError `unreachable` for half of a pair.
 */
export async function readCertificates(
  directories: readonly string[],
  host: string,
): Promise<HostCertificates> {
  const ca: string[] = [];
  const client: { cert: string; key: string }[] = [];
  if (!isHost(host)) return {};
  for (const directory of directories) {
    const place = join(directory, host);
    const names = await listNames(place);
    for (const name of names) {
      if (name.endsWith('.crt')) ca.push(await readFile(join(place, name), 'utf8'));
      const other = pairOf(name);
      if (other === undefined) continue;
      if (!names.includes(other)) {
        throw new SourceError('unreachable', `${join(place, name)} has no ${other} beside it`);
      }
      if (name.endsWith('.cert')) {
        const [cert, key] = await Promise.all(
          [name, other].map((one) => readFile(join(place, one), 'utf8')),
        );
        client.push({ cert: cert ?? '', key: key ?? '' });
      }
    }
  }
  return { ca, client };
}

let system: readonly string[] | undefined;

/**
 * Node's own authorities, those of the operating system, and the ones given; with the client's
 * certificates. Made once for all connections to a host: hundreds of authorities take their time.
 */
export function createTlsContext({ ca = [], client = [] }: HostCertificates): SecureContext {
  system ??= unique([...getCACertificates('default'), ...getCACertificates('system')]);
  return createSecureContext({
    ca: [...system, ...ca],
    cert: client.map(({ cert }) => cert),
    key: client.map(({ key }) => key),
  });
}

/** The two lists hold the same certificates, wrapped differently. */
function unique(certificates: readonly string[]): string[] {
  const byContent = new Map(certificates.map((pem) => [pem.replaceAll(/\s+/g, ''), pem]));
  return [...byContent.values()];
}

async function listNames(place: string): Promise<readonly string[]> {
  try {
    return (await readdir(place)).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new SourceError('unreachable', `${place} cannot be read (${code ?? 'unknown'})`);
  }
}

function pairOf(name: string): string | undefined {
  if (name.endsWith('.cert')) return `${name.slice(0, -'.cert'.length)}.key`;
  if (name.endsWith('.key')) return `${name.slice(0, -'.key'.length)}.cert`;
  return undefined;
}
