/** Inspections that take seconds, for tests of pages that show their progress. */
import { randomBytes } from 'node:crypto';

import { operations } from '@lazaret/protocol';

import { buildImage } from '../../packages/analysis/src/testing/image-builder.ts';
import { startFakeRegistry } from '../../packages/oci/src/testing/fake-registry.ts';
import { startWithRegistry, type RegistryInstance } from '../support/registry-instance.ts';

/** Of a slow layer, half arrives at once, and the rest within about ten seconds. */
export async function startWithSlowRegistry(): Promise<RegistryInstance> {
  const registry = await startFakeRegistry({ now: () => Date.now(), dripMs: 10 });
  return startWithRegistry({ registry });
}

/** Starts an inspection of an image that is in no cache. */
export async function inspectSlowly({
  registry,
  instance,
}: RegistryInstance): Promise<{ readonly id: string; readonly digest: string }> {
  const content = randomBytes(2_000);
  const image = await buildImage({ layers: [{ entries: [{ path: 'a', content }] }] });
  registry.store.putImage('lab/slow', '1', image);
  registry.faults.on('slow-body', 1, image.layers[0]?.descriptor.digest);
  const body = { reference: `${registry.host}/lab/slow:1` };
  const { id } = await instance.client.call(operations.images.inspect, { body });
  return { id, digest: image.descriptor.digest };
}
