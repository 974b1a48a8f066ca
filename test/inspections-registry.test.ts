/** How an inspector uses registries: rate, credentials, and aborted requests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { operations } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { startFakeRegistry } from '../packages/oci/src/testing/fake-registry.ts';
import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  waitForInspection,
} from './support/registry-instance.ts';

const { images, inspections } = operations;

test('the rate limit of a registry applies across all inspections', async () => {
  const registry = await startFakeRegistry({ now: () => Date.now() });
  registry.store.putImage('lab/rated', '1', await buildApp('rated'));
  const { host } = registry;
  const rates = {
    [host]: [
      { requests: 3, period: '24h' },
      { requests: 1, period: '23h' },
    ],
  };
  const settings = { timeLimit: '2s', registries: { plainHttp: [host], rates } };
  const slow = await startWithRegistry({ registry, settings });
  try {
    const reference = `${host}/lab/rated:1`;
    for (let times = 0; times < 2; times += 1) {
      const { problem } = await inspectAndWait(slow.instance.client, { reference });
      expect(problem).toMatchObject({ code: 'time_limit' });
    }
    expect(registry.requests.length).toBeLessThanOrEqual(1);
  } finally {
    await slow.close();
  }
});

test.each(['helper', 'auth.json', 'pull secret'])(
  'a registry receives the credentials of a %s that the operator configured',
  async (kind) => {
    const access = { mode: 'basic', users: { ana: 'secret words' } } as const;
    const registry = await startFakeRegistry({ now: () => Date.now(), access });
    registry.store.putImage('lab/closed', '1', await buildApp('closed'));
    const directory = await mkdtemp(join(tmpdir(), 'lazaret-credentials-'));
    const registries = await nameCredentials(kind, { directory, host: registry.host });
    const settings = { registries: { plainHttp: [registry.host], ...registries } };
    const closed = await startWithRegistry({ registry, settings });
    try {
      const reference = `${registry.host}/lab/closed:1`;
      const ended = await inspectAndWait(closed.instance.client, { reference });
      expect(ended).toMatchObject({ problem: null, state: 'finished' });
    } finally {
      await closed.close();
      await rm(directory, { recursive: true });
    }
  },
);

test('cancelling interrupts a delay of minutes that a registry requested', async () => {
  const asked = Promise.withResolvers<void>();
  const registry = await startFakeRegistry({
    now: () => Date.now(),
    retryAfterSeconds: 240,
    onRequest: () => asked.resolve(),
  });
  registry.store.putImage('lab/busy', '1', await buildApp('busy'));
  registry.faults.on('too-many-requests');
  const busy = await startWithRegistry({ registry });
  try {
    const { client } = busy.instance;
    const body = { reference: `${registry.host}/lab/busy:1` };
    const { id } = await client.call(images.inspect, { body });
    await asked.promise;
    const began = performance.now();
    await client.call(inspections.cancel, { params: { id } });
    expect((await waitForInspection(client, id)).state).toBe('cancelled');
    expect(performance.now() - began).toBeLessThan(120_000);
  } finally {
    await busy.close();
  }
});

/** Settings that provide ana's password, each in a different way. */
async function nameCredentials(
  kind: string,
  { directory, host }: { directory: string; host: string },
): Promise<object> {
  const file = join(directory, 'file');
  const auth = Buffer.from('ana:secret words').toString('base64');
  const auths = JSON.stringify({ auths: { [host]: { auth } } });
  if (kind === 'auth.json') {
    await writeFile(file, auths);
    return { containersAuth: [file] };
  }
  if (kind === 'pull secret') {
    const data = { '.dockerconfigjson': Buffer.from(auths).toString('base64') };
    await writeFile(file, JSON.stringify({ kind: 'Secret', data }));
    return { pullSecrets: [file] };
  }
  await writeFile(file, JSON.stringify({ credHelpers: { [host]: 'lab' } }));
  // Responds only if HOME is set and no variable of the server is.
  const program = `#!/bin/sh
test -n "$HOME" && test -z "$(env | grep LAZARET_)" || exit 1
printf '{"Username":"ana","Secret":"%s"}' "$LAB_SECRET"
`;
  await writeFile(join(directory, 'docker-credential-lab'), program, { mode: 0o755 });
  const environment = { PATH: `${directory}:/usr/bin:/bin`, LAB_SECRET: 'secret words' };
  return { credentialsFile: file, credentialHelpers: { environment } };
}
