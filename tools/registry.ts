/**
 * `npm run registry -- [OPTIONS] [PATH...]`: a registry on the loopback for testing clients
 * manually. It serves images of OCI layouts and `docker save` archives, accepts pushes, requires
 * credentials on request and injects faults; every request is printed.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startFakeRegistry } from '../packages/oci/src/testing/fake-registry.ts';
import { loadImages } from '../packages/analysis/src/testing/load-images.ts';
import { type RegistryFault, registryFaults } from '../packages/oci/src/testing/registry-faults.ts';

const usage = `npm run registry -- [OPTIONS] [PATH...]

  PATH                 an OCI layout (directory or archive) or a "docker save" archive to serve
  --port PORT          (default: any free one)
  --tls uses TLS with its own authority, whose certificate is written to a file
  --auth basic|token   asks for credentials; with --user NAME:PASSWORD
  --fault NAME[:TIMES] goes wrong, for so many times or always; repeatable
  --faults             lists the faults
`;

const options = {
  port: { type: 'string', default: '0' },
  tls: { type: 'boolean', default: false },
  auth: { type: 'string' },
  user: { type: 'string', default: 'lab:lab' },
  fault: { type: 'string', multiple: true },
  faults: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

try {
  await main();
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.faults) {
    const rows = Object.entries(registryFaults).map(([name, text]) => `${name.padEnd(22)}${text}`);
    process.stdout.write(`${rows.join('\n')}\n`);
    return;
  }
  const faults = (values.fault ?? []).map(readFault);
  const registry = await startFakeRegistry({
    now: Date.now,
    port: Number(values.port),
    tls: values.tls,
    access: readAccess(values.auth, values.user),
    onRequest: ({ method, path, host, status }) => say(`${status()} ${method} ${host}${path}`),
  });
  process.stdout.write(`${registry.host}\n`);
  for (const path of positionals) {
    for (const name of await loadImages(registry.store, path))
      say(`holds ${registry.host}/${name}`);
  }
  for (const { fault, times } of faults) registry.faults.on(fault, times);
  if (registry.certificates !== undefined) {
    const file = join(tmpdir(), `registry-${registry.host.replace(':', '-')}.crt`);
    writeFileSync(file, registry.certificates.ca);
    say(`the authority is in ${file}`);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void registry.close());
  }
}

function readFault(text: string): { fault: RegistryFault; times: number } {
  const [name = '', times] = text.split(':');
  if (!Object.hasOwn(registryFaults, name)) throw new Error(`unknown fault "${name}"`);
  const count = times === undefined ? Number.POSITIVE_INFINITY : Number(times);
  if (!(count > 0)) throw new Error(`"${text}" does not say how often`);
  return { fault: name as RegistryFault, times: count };
}

function readAccess(mode: string | undefined, user: string) {
  if (mode === undefined) return { mode: 'open' } as const;
  if (mode !== 'basic' && mode !== 'token') throw new Error(`unknown value of --auth: ${mode}`);
  const colon = user.indexOf(':');
  if (colon < 1) throw new Error('--user is NAME:PASSWORD');
  return { mode, users: { [user.slice(0, colon)]: user.slice(colon + 1) } } as const;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
