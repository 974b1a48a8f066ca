import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { factsOf, ofKind } from '../testing/read-file.ts';
import { pipfileLockReader, pythonLockReader, requirementsReader } from './python-lock.ts';
import { pythonEggReader, pythonReader, pythonRecordReader } from './python.ts';

const site = 'usr/lib/python3/site-packages';
const metadata = `Metadata-Version: 2.1
Name: Zope.Interface_X
Version: 5.0.0
License: ZPL 2.1
Author: Zope Foundation
Classifier: License :: OSI Approved :: Zope Public License
Requires-Dist: setuptools
Requires-Dist: Sphinx (>=1.0) ; extra == 'docs'
Requires-Dist: typing_extensions>=4; python_version < "3.8"

Name: not-this
`;

describe('installed distributions', () => {
  test('are read from their metadata, with a normalized name', async () => {
    const path = `${site}/zope.interface_x-5.0.0.dist-info/METADATA`;
    expect(await factsOf(pythonReader, path, metadata)).toEqual([
      {
        kind: 'package',
        path,
        type: 'pypi',
        name: 'zope-interface-x',
        version: '5.0.0',
        purl: 'pkg:pypi/zope-interface-x@5.0.0',
        foundBy: 'metadata',
        state: 'installed',
        licenses: ['ZPL 2.1'],
        supplier: 'Zope Foundation',
        dependsOn: ['setuptools', 'typing-extensions'],
      },
    ]);
  });

  test.each([
    ['a directory', `${site}/a.egg-info/PKG-INFO`],
    ['a file', `${site}/a-1.0-py3.11.egg-info`],
    ['an unpacked egg', `${site}/a-1.0-py3.11.egg/EGG-INFO/PKG-INFO`],
  ])('are read from an egg-info that is %s', async (_what, path) => {
    const text = '\ufeffName: a\r\nVersion: 1.0\r\nLicense: UNKNOWN\r\n\r\n';
    const [found] = ofKind(await factsOf(pythonReader, path, text), 'package');
    expect(found).toMatchObject({ name: 'a', version: '1.0' });
    expect(found?.licenses).toBeUndefined();
  });

  test('have the licence of their expression, or of the classifiers', async () => {
    const path = `${site}/a-1.dist-info/METADATA`;
    const start = 'Name: a\nVersion: 1\nClassifier: License :: OSI Approved :: MIT License\n';
    const plain = ofKind(await factsOf(pythonReader, path, start), 'package');
    expect(plain[0]?.licenses).toEqual(['MIT License']);
    const text = `${start}License-Expression: MIT OR Apache-2.0\n`;
    const [found] = ofKind(await factsOf(pythonReader, path, text), 'package');
    expect(found?.licenses).toEqual(['MIT OR Apache-2.0']);
  });

  test('without a version are unknown', async () => {
    const path = `${site}/a-1.dist-info/METADATA`;
    expect(await factsOf(pythonReader, path, 'Name: a\n\n')).toMatchObject([
      { kind: 'diagnostic', reason: 'missing_part' },
    ]);
  });

  test('are not read from files of that name elsewhere', () => {
    for (const path of ['opt/METADATA', 'opt/src/PKG-INFO']) {
      expect(pythonReader.accepts?.({ path, type: 'file' } as never)).toBe(false);
    }
  });
});

describe('eggs as archives', () => {
  test('are read from the inside', async () => {
    const bytes = zipArchive([{ path: 'EGG-INFO/PKG-INFO', content: 'Name: a\nVersion: 1.0\n' }]);
    expect(await factsOf(pythonEggReader, `${site}/a-1.0.egg`, bytes)).toMatchObject([
      { kind: 'package', path: `${site}/a-1.0.egg!/EGG-INFO/PKG-INFO`, name: 'a' },
    ]);
  });

  test('that are not archives are unknown', async () => {
    const path = `${site}/a-1.0.egg`;
    expect(await factsOf(pythonEggReader, path, 'egg')).toMatchObject([{ reason: 'damaged' }]);
    const empty = zipArchive([{ path: 'a.py', content: '' }]);
    const facts = await factsOf(pythonEggReader, path, empty);
    expect(facts).toMatchObject([{ reason: 'missing_part' }]);
  });
});

describe('RECORD', () => {
  test('lists files relative to the packages, with their digests', async () => {
    const digest = createHash('sha256').update('x').digest();
    const text = [
      `a/__init__.py,sha256=${digest.toString('base64url')},1`,
      '"a/b,""c"".py",,',
      '../../../bin/a,sha384=abc,3',
      '/opt/a.conf,,',
      'Zope_A-1.0.dist-info/RECORD,,',
      '',
    ].join('\r\n');
    const path = `${site}/Zope_A-1.0.dist-info/RECORD`;
    expect(await factsOf(pythonRecordReader, path, text)).toEqual([
      {
        kind: 'ownership',
        path,
        type: 'pypi',
        name: 'zope-a',
        version: '1.0',
        files: [
          { path: `${site}/a/__init__.py`, digest: `sha256:${digest.toString('hex')}` },
          { path: `${site}/a/b,"c".py` },
          { path: 'usr/bin/a' },
          { path: 'opt/a.conf' },
          { path: `${site}/Zope_A-1.0.dist-info/RECORD` },
        ],
      },
    ]);
  });

  test('that climbs above the root is reported', async () => {
    const path = `${site}/a-1.dist-info/RECORD`;
    const facts = await factsOf(pythonRecordReader, path, '../../../../../../../etc/passwd,,\n');
    expect(ofKind(facts, 'diagnostic')).toMatchObject([{ reason: 'damaged' }]);
  });

  test('has an older format', async () => {
    const path = `${site}/a-1.0-py3.9.egg-info/installed-files.txt`;
    const facts = await factsOf(pythonRecordReader, path, '../a.py\nPKG-INFO\n');
    expect(ofKind(facts, 'ownership')[0]?.files).toEqual([
      { path: `${site}/a.py` },
      { path: `${site}/a-1.0-py3.9.egg-info/PKG-INFO` },
    ]);
  });
});

describe('requirements of projects', () => {
  test('is declared by requirements with exact versions', async () => {
    const text = `# comment
Flask==2.0.1
requests[security] == 2.28.0 ; python_version > "3" --hash=sha256:abc
exact===1.0
-r other.txt
ranged>=1.0
starred==1.*
both==1.0,!=1.1
`;
    const facts = ofKind(
      await factsOf(requirementsReader, 'app/requirements.txt', text),
      'package',
    );
    const expected = ['pkg:pypi/flask@2.0.1', 'pkg:pypi/requests@2.28.0', 'pkg:pypi/exact@1.0'];
    expect(facts.map(({ purl }) => purl)).toEqual(expected);
    expect(facts[0]?.state).toBe('declared');
  });

  test.each(['poetry.lock', 'uv.lock', 'pdm.lock'])('is declared by %s', async (name) => {
    const text = `version = 1
[[package]]
name = "My_App"
version = "0.1.0"
source = { editable = "." }

[[package]]
name = "Jinja2"
version = "3.1.0"
`;
    const facts = ofKind(await factsOf(pythonLockReader, `app/${name}`, text), 'package');
    expect(facts.map(({ purl }) => purl)).toEqual(['pkg:pypi/jinja2@3.1.0']);
  });

  test('is declared by Pipfile.lock', async () => {
    const json = { default: { a: { version: '==1.0' }, b: { git: 'x' } }, develop: {} };
    const facts = await factsOf(pipfileLockReader, 'Pipfile.lock', JSON.stringify(json));
    expect(facts).toMatchObject([{ purl: 'pkg:pypi/a@1.0', state: 'declared' }]);
  });

  test('in a damaged lock file is unknown', async () => {
    const facts = await factsOf(pythonLockReader, 'uv.lock', '[[package');
    expect(facts).toMatchObject([{ kind: 'diagnostic', reason: 'damaged' }]);
  });
});
