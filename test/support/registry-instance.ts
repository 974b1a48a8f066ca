/** An instance with its own registry, which it may access although it is on the loopback. */
import {
  buildImage,
  type BuiltImage,
  type LayerInput,
} from '../../packages/analysis/src/testing/image-builder.ts';
import {
  startFakeRegistry,
  type FakeRegistry,
} from '../../packages/oci/src/testing/fake-registry.ts';
import {
  operations,
  type Client,
  type Inspection,
  type InspectionRequest,
} from '@lazaret/protocol';

import { startInstance, type Instance, type InstanceOptions } from './instance.ts';

export interface RegistryInstance {
  readonly instance: Instance;
  readonly registry: FakeRegistry;
  close(): Promise<void>;
}

/** `settings` are those of the section `inspection`. */
export async function startWithRegistry(
  options: InstanceOptions & {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly registry?: FakeRegistry;
  } = {},
): Promise<RegistryInstance> {
  const { settings = {}, ...rest } = options;
  const registry = options.registry ?? (await startFakeRegistry({ now: () => Date.now() }));
  const section = { registries: { plainHttp: [registry.host] }, parallel: 0, ...settings };
  const given = ['--inspection', JSON.stringify(section), ...(options.arguments ?? [])];
  const instance = await startInstance({ ...rest, arguments: given });
  return {
    instance,
    registry,
    async close() {
      await instance.close();
      await registry.close();
    },
  };
}

/** Requests an inspection and waits until it has ended. */
export async function inspectAndWait(
  client: Client,
  body: Partial<InspectionRequest> & { readonly reference: string },
): Promise<Inspection> {
  const { id } = await client.call(operations.images.inspect, { body });
  return waitForInspection(client, id);
}

export async function waitForInspection(client: Client, id: string): Promise<Inspection> {
  for (;;) {
    const query = { waitSeconds: 20 };
    const found = await client.call(operations.inspections.show, { params: { id }, query });
    if (['finished', 'failed', 'cancelled'].includes(found.state)) return found;
  }
}

const osRelease = 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n';
const dpkgStatus = `Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.37-2
Maintainer: Lab <lab@lab.example>
Description: a shell

`;

/** A small Debian: the layer that images of the tests share. */
export const baseLayer: LayerInput = {
  entries: [
    { path: 'etc', type: 'directory', mode: 0o755 },
    { path: 'etc/os-release', content: Buffer.from(osRelease) },
    { path: 'var/lib/dpkg/status', content: Buffer.from(dpkgStatus) },
    { path: 'usr/bin/bash', content: Buffer.from('#!bash itself\n'), mode: 0o755 },
    { path: 'srv/gone', content: Buffer.from('hidden by the next layer\n') },
  ],
};

/** The base with one additional file, which makes its digest unique, and without `srv/gone`. */
export function buildApp(text: string): Promise<BuiltImage> {
  const top: LayerInput = {
    entries: [
      { path: 'app/own', content: Buffer.from(text) },
      { path: 'srv/.wh.gone', content: Buffer.alloc(0) },
    ],
  };
  return buildImage({ layers: [baseLayer, top] });
}
