/** The gate role: answers pulls in front of registries, and reviews the workloads of clusters. */
import { Problem } from '@lazaret/protocol';

import type { Access } from '../access/index.ts';
import type { Configuration } from '../floor/config/index.ts';
import { readGateSettings, startGate as startServing } from '../gate/index.ts';
import type { ConnectionParts } from '../registries/index.ts';
import { parseAddress } from './listen.ts';
import type { Core, Role } from './role.ts';

export interface GateRoleParts {
  readonly access: Access;
  readonly connection: ConnectionParts;
}

/** Resolves when it listens; undefined when no address is configured. */
export async function startGate(
  core: Core,
  { access, connection }: GateRoleParts,
): Promise<Role | undefined> {
  const { values } = core.configuration;
  if (values.gateListen === '') return undefined;
  const gate = await startServing({
    ...{ ...core, access, connection, gate: readGateSettings(values) },
    listen: parseAddress(values.gateListen),
    certificate: readCertificate(values),
  });
  core.log.info({ address: gate.address }, 'the gate is listening');
  return { loops: () => gate.loops, wake: () => undefined, stop: () => gate.stop() };
}

function readCertificate({ gateCert: cert, gateKey: key }: Configuration) {
  if (cert === '' && key === '') return undefined;
  if (cert !== '' && key !== '') return { cert, key };
  throw new Problem('invalid_configuration', 'gateCert and gateKey must be set together');
}
