/** Trusted certificate authorities and client certificates of registries. */
import { readdir, readFile } from 'node:fs/promises';

import { join } from 'node:path';

import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

import { SourceError } from '../../source-error.ts';
import { isHost } from '../../reference/reference.ts';

/** PEM texts. */
export interface HostCertificates {
  /** Trusted in addition to those of the system. */
  readonly ca?: readonly string[];
  /** Client certificates, in the order in which they are tried. */
  readonly client?: readonly { readonly cert: string; readonly key: string }[];
}

/**
 * Docker's and containers' layout: `<directory>/<host[:port]>/` with `*.crt` as authorities, and
 * `*.cert` with `*.key` of the same name. Throws SourceError `unreachable` for an incomplete
 * pair.
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
        throw new SourceError('unreachable', `${join(place, name)} has no matching ${other}`);
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
 * Authorities of Node, of the operating system and those given, with the client certificates.
 * Created once for all connections to a host, because loading hundreds of authorities is slow.
 */
export function createTlsContext({ ca = [], client = [] }: HostCertificates): SecureContext {
  system ??= unique([...getCACertificates('default'), ...getCACertificates('system')]);
  return createSecureContext({
    ca: [...system, ...ca],
    cert: client.map(({ cert }) => cert),
    key: client.map(({ key }) => key),
  });
}

/** The two lists contain the same certificates with different line breaks. */
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
