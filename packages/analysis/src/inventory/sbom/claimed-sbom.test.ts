import { describe, expect, test } from 'vitest';

import { factsOf } from '../testing/read-file.ts';
import { claimedSbomReader } from './claimed-sbom.ts';

describe('a bill of materials in the image', () => {
  test('of Bitnami is a claim', async () => {
    const json = {
      spdxVersion: 'SPDX-2.3',
      packages: [
        {
          name: 'redis',
          versionInfo: '7.0.0',
          licenseConcluded: 'BSD-3-Clause',
          licenseDeclared: 'NOASSERTION',
          externalRefs: [
            { referenceType: 'cpe23Type', referenceLocator: 'cpe:2.3:x' },
            {
              referenceType: 'purl',
              referenceLocator: 'pkg:bitnami/redis@7.0.0-1?arch=amd64',
            },
          ],
        },
        { name: 'document' },
      ],
    };
    const path = 'opt/bitnami/redis/.spdx-redis.spdx';
    expect(await factsOf(claimedSbomReader, path, JSON.stringify(json))).toEqual([
      {
        kind: 'package',
        path,
        type: 'generic',
        name: 'redis',
        version: '7.0.0-1',
        purl: 'pkg:bitnami/redis@7.0.0-1?arch=amd64',
        foundBy: 'claim',
        state: 'installed',
        licenses: ['BSD-3-Clause'],
      },
    ]);
  });

  test('of CycloneDX is read with components in components', async () => {
    const inner = {
      type: 'library',
      purl: 'pkg:npm/%40acme/b@2.0.0',
      name: 'b',
      version: '2.0.0',
      licenses: [{ license: { id: 'MIT' } }, { expression: 'MIT OR X11' }],
    };
    const json = {
      bomFormat: 'CycloneDX',
      components: [
        { type: 'library', purl: 'pkg:maven/org.acme/a@1.0.0', components: [inner] },
        { type: 'operating-system', name: 'debian', version: '12' },
        { type: 'library', name: 'bare', version: '3', purl: 'not a purl' },
      ],
    };
    const facts = await factsOf(claimedSbomReader, 'a/x.cdx.json', JSON.stringify(json));
    expect(facts.toReversed()).toMatchObject([
      { name: '@acme/b', purl: 'pkg:npm/%40acme/b@2.0.0', licenses: ['MIT', 'MIT OR X11'] },
      { type: 'maven', name: 'org.acme:a', purl: 'pkg:maven/org.acme/a@1.0.0' },
      { type: 'generic', name: 'bare', version: '3' },
    ]);
  });

  test('that is named like one but invalid is unknown', async () => {
    expect(await factsOf(claimedSbomReader, 'a.spdx.json', '{}')).toMatchObject([
      { reason: 'unsupported' },
    ]);
    expect(await factsOf(claimedSbomReader, 'srv/bom.json', '{}')).toEqual([]);
  });
});
