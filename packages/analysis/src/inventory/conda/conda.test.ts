import { expect, test } from 'vitest';

import { factsOf } from '../testing/read-file.ts';
import { condaReader } from './conda.ts';

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
