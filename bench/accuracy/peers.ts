/**
 * Other tools on the same image, when TRIVY_BIN and SYFT_BIN name them; without a network. Trivy
 * wants a database for the first Java archive that it sees: TRIVY_CACHE names a cache that has one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Found } from './compare.ts';
import { packageIdOf } from './purl.ts';
import { output } from './run-program.ts';

export interface Peer {
  readonly name: string;
  /** Throws when the program fails. */
  list(reference: string, directory: string): Promise<Found[]>;
}

/** The peers that the environment names. */
export function findPeers(environment: NodeJS.ProcessEnv): Peer[] {
  const { TRIVY_BIN: trivy, SYFT_BIN: syft, TRIVY_CACHE: cache } = environment;
  return [
    ...(trivy === undefined ? [] : [trivyPeer(trivy, cache)]),
    ...(syft === undefined ? [] : [syftPeer(syft)]),
  ];
}

function trivyPeer(program: string, cacheDirectory?: string): Peer {
  const offline = ['--offline-scan', '--skip-db-update', '--skip-java-db-update'];
  const silent = ['--skip-version-check', '--disable-telemetry', '--quiet'];
  return {
    name: 'Trivy',
    list: async (reference, directory) => {
      const file = join(directory, 'trivy.json');
      const cache = ['--cache-dir', cacheDirectory ?? join(directory, 'trivy-cache')];
      const input = ['image', '--input', reference.replace(/^[^:]*:/, '')];
      const wanted = ['--format', 'cyclonedx', '-o', file];
      await output(program, [...input, ...wanted, ...offline, ...silent, ...cache]);
      return readComponents(file);
    },
  };
}

function syftPeer(program: string): Peer {
  return {
    name: 'Syft',
    list: async (reference, directory) => {
      const file = join(directory, 'syft.json');
      const source = reference.replace(/^oci:/, 'oci-dir:');
      const environment = { SYFT_CHECK_FOR_APP_UPDATE: 'false' };
      await output(program, ['scan', source, '-o', `cyclonedx-json=${file}`], { environment });
      return readComponents(file);
    },
  };
}

interface Component {
  readonly purl?: string;
}

async function readComponents(file: string): Promise<Found[]> {
  const text = await readFile(file, 'utf8');
  const { components = [] } = JSON.parse(text) as { components?: Component[] };
  return components.flatMap(({ purl = '' }) => {
    const id = packageIdOf(purl);
    return id === undefined ? [] : [{ ...id, place: purl }];
  });
}
