import { describe, expect, test } from 'vitest';

import { factsOf } from '../testing/read-file.ts';
import { claimedSbomReader } from './claimed-sbom.ts';
import { condaReader } from '../conda/conda.ts';

test('a package of conda has its files', async () => {
  const digest = 'a'.repeat(64);
  const json = {
    name: 'numpy',
    version: '1.26.0',
    build: 'py311_0',
    channel: 'https://conda.example.org/main/linux-64',
    subdir: 'linux-64',
    license: 'BSD-3-Clause',
    depends: ['python >=3.11,<3.12', 'libblas'],
    files: ['lib/a.py', 'bin/f2py'],
    paths_data: {
      paths: [
        { _path: 'lib/a.py', sha256: digest },
        { _path: 'bin/f2py', sha256: digest, file_mode: 'text' },
      ],
    },
  };
  const path = 'opt/conda/conda-meta/numpy-1.26.0-py311_0.json';
  const purl = 'pkg:conda/numpy@1.26.0?build=py311_0&channel=main%2Flinux-64&subdir=linux-64';
  expect(await factsOf(condaReader, path, JSON.stringify(json))).toEqual([
    {
      kind: 'package',
      path,
      type: 'conda',
      name: 'numpy',
      version: '1.26.0',
      purl,
      foundBy: 'database',
      state: 'installed',
      licenses: ['BSD-3-Clause'],
      dependsOn: ['python', 'libblas'],
    },
    {
      kind: 'ownership',
      path,
      type: 'conda',
      name: 'numpy',
      version: '1.26.0',
      files: [
        { path: 'opt/conda/lib/a.py', digest: `sha256:${digest}` },
        { path: 'opt/conda/bin/f2py' },
      ],
    },
  ]);
});

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
