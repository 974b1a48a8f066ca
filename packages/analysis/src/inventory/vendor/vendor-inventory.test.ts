import { expect, test } from 'vitest';

import { factsOf, ofKind } from '../testing/read-file.ts';
import { vendorInventoryReader } from './vendor-inventory.ts';

test('package lists of vendors are read', async () => {
  const path = 'usr/share/bottlerocket/application-inventory.json';
  const item = { Name: 'glibc', Publisher: 'Bottlerocket', Version: '2.40', Release: '1.br1' };
  const content = [{ ...item, Epoch: '1', Architecture: 'x86_64' }, 5, { Name: 'x' }];
  const facts = await factsOf(vendorInventoryReader, path, JSON.stringify({ Content: content }));
  expect(ofKind(facts, 'package')).toMatchObject([
    { type: 'rpm', name: 'glibc', version: '1:2.40-1.br1', supplier: 'Bottlerocket' },
  ]);
  expect(ofKind(facts, 'diagnostic')).toHaveLength(2);

  const list = { installedPackages: [{ category: 'app-admin', name: 'sudo', version: '1.9.14' }] };
  const cos = 'etc/cos-package-info.json';
  expect(await factsOf(vendorInventoryReader, cos, JSON.stringify(list))).toMatchObject([
    { name: 'app-admin/sudo', purl: 'pkg:generic/app-admin/sudo@1.9.14' },
  ]);
  const deep = '['.repeat(100_000);
  for (const text of ['', '[]', '{"Content":{}}', '{"__proto__":{"Content":[]}}', deep]) {
    const facts = await factsOf(vendorInventoryReader, path, text);
    expect(facts).toMatchObject([{ kind: 'diagnostic' }]);
  }
});
