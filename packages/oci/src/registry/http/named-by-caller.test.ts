/** A registry named by a remote caller is only queried if it is public or listed. */
import { expect, test } from 'vitest';

import { buildSample, useRegistryHarness } from '@lazaret/analysis/testing';
import type { Lookup } from './public-lookup.ts';

const harness = useRegistryHarness();
/** Every name resolves to this machine. */
const lookup: Lookup = (_, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

test.each([
  ['a name with a private address', (port: string) => `registry.example:${port}`],
  ['an address', (port: string) => `127.0.0.1:${port}`],
  ['localhost', (port: string) => `localhost:${port}`],
])('%s is refused unless it is listed', async (_, hostOf) => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample());
  const host = hostOf(registry.host.split(':')[1] ?? '');
  const network = {
    lookup,
    plainHttpHosts: [host],
    isNamedByCaller: true,
    privateHostsSetting: 'the.setting',
  };
  const refused = harness.open(`${host}/app`, { network }).list('default');
  await expect(refused).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(
      /named by a caller, has a private address; add it to the\.setting/,
    ),
  });
  expect(registry.requests).toEqual([]);
  const listed = { ...network, privateHosts: [host] };
  const { images } = await harness.open(`${host}/app`, { network: listed }).list('default');
  expect(images).toHaveLength(1);
  const trusted = { lookup, plainHttpHosts: [host] };
  expect(
    (await harness.open(`${host}/app`, { network: trusted }).list('default')).images,
  ).toHaveLength(1);
});
