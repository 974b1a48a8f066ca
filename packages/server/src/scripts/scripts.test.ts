/** The pure parts of collector scripts: content, environment, output, packages, selection. */
import { readFileSync } from 'node:fs';

import { scriptSettings } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';

import { checkContent } from './check-content.ts';
import { comparePackages, readListing, type PackageListing } from './compare-packages.ts';
import { buildEnvironment, isSteering } from './environment.ts';
import { parseOutput } from './parse-output.ts';
import { repositoryOf, selectImages } from './select-images.ts';

describe('content', () => {
  const elf = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(256);
    bytes.writeUInt32BE(0x7f454c46);
    bytes.set([2, 1], 4);
    bytes.writeUInt16LE(62, 18);
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(2, 56);
    change(bytes);
    return bytes;
  };

  test.each([
    ['shell', Buffer.alloc(0), 'the script is empty'],
    ['shell', Buffer.from('a\0b'), 'NUL byte'],
    ['python', Buffer.from([0x61, 0xff]), 'expected text in UTF-8'],
    ['binary', Buffer.from('#!/bin/sh'), 'expected a program for Linux'],
    ['binary', elf((bytes) => bytes.writeUInt16LE(183, 18)), 'expected a program for x64'],
    ['binary', elf((bytes) => bytes.writeUInt32LE(3, 64 + 56)), 'dynamically linked'],
    ['binary', elf((bytes) => bytes.writeUInt16LE(9_999, 56)), 'expected a program for Linux'],
  ] as const)('%s %#: %s', (kind, content, message) => {
    expect(() => checkContent(kind, content, 'x64')).toThrow(message);
  });

  test('a static program and text are accepted', () => {
    checkContent(
      'binary',
      elf(() => undefined),
      'x64',
    );
    checkContent('shell', Buffer.from('echo ä'), 'x64');
  });
});

describe('environment', () => {
  const places = { tools: '/t', scratch: '/s', script: '/x' };
  const image = { name: 'a', digest: 'd', platform: 'p', workingDirectory: '/' };

  test.each([
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'GLIBC_TUNABLES', 'BASH_ENV', 'ENV', 'PYTHONHOME'],
    ...['PYTHONPATH', 'NODE_OPTIONS', 'PERL5LIB', 'RUBYOPT', 'JAVA_TOOL_OPTIONS', 'PATH'],
    ...['DPKG_ROOT', 'RPM_CONFIGDIR', 'GIT_SSH', 'http_proxy', 'HTTPS_PROXY', 'LC_ALL', 'TMPDIR'],
  ])('%s of the image is not passed on', (name) => {
    expect(isSteering(name)).toBe(true);
    const { variables, dropped } = buildEnvironment({ ...image, env: [`${name}=/evil`] }, places);
    expect(Object.values(variables).join(' ')).not.toContain('/evil');
    expect(dropped).toEqual([name]);
  });

  test('names and values that are not ordinary are dropped, ordinary ones stay', () => {
    const long = `LONG=${'x'.repeat(40_000)}`;
    const env = ['=x', 'novalue', 'a b=1', 'X=a\0b', long, 'APP=1=2', 'BUILD_PATH=kept'];
    const { variables, dropped } = buildEnvironment({ ...image, env }, places);
    expect(variables).toMatchObject({ APP: '1=2', BUILD_PATH: 'kept' });
    expect(dropped).toEqual(['', 'LONG', 'X', 'a b', 'novalue']);
  });
});

describe('output', () => {
  test.each([
    ['json', '', 'expected JSON, got no output'],
    ['json', '{"a":', 'invalid JSON'],
    ['json', '['.repeat(100) + ']'.repeat(100), 'nested deeper'],
    ['yaml', 'a: 1\na: 2', 'invalid YAML'],
    ['yaml', `a: &a [x]\n${'b: [*a,*a]\n'.repeat(2)}`, 'invalid YAML'],
  ] as const)('%s %#', (format, text, problem) => {
    expect(parseOutput(format, Buffer.from(text)).problem).toContain(problem);
  });

  test('is a value if it has the declared format, and text has none', () => {
    expect(parseOutput('json', Buffer.from('{"a":[1]}'))).toEqual({ value: { a: [1] } });
    expect(parseOutput('yaml', Buffer.from('a: [1]\n'))).toEqual({ value: { a: [1] } });
    expect(parseOutput('text', Buffer.from('{'))).toEqual({ value: null });
    expect(parseOutput('json', Buffer.from([0xff])).problem).toContain('UTF-8');
  });
});

describe('packages', () => {
  const deb = (name: string, version: string, architecture = 'amd64') => ({
    ...{ type: 'deb', name, version, architecture },
  });
  const listing = (...packages: ReturnType<typeof deb>[]): PackageListing => ({
    ...{ packages, complete: ['deb'] },
  });

  test('equal lists have no disagreement, whatever their order', () => {
    const inside = listing(deb('b', '2'), deb('a', '1'), deb('a', '1', 'i386'));
    expect(comparePackages(inside, inside.packages.toReversed())).toEqual([]);
  });

  test('another version, and what only one side has, is said with both versions', () => {
    const found = comparePackages(listing(deb('a', '1'), deb('new', '1')), [
      ...[deb('a', '2'), deb('gone', '3'), { ...deb('x', '1'), type: 'npm' }],
    ]);
    expect(found).toEqual([
      {
        rule: 'version',
        type: 'deb',
        package: 'a',
        architecture: 'amd64',
        inside: '1',
        static: '2',
      },
      expect.objectContaining({ rule: 'missing_inside', package: 'gone', static: '3' }),
      expect.objectContaining({ rule: 'missing_static', package: 'new', inside: '1' }),
    ]);
  });

  test('a type that is not listed completely is not compared', () => {
    expect(comparePackages({ packages: [], complete: [] }, [deb('a', '1')])).toEqual([]);
  });

  test('the record of the package script of Banyan Collector is read without its empty package', () => {
    const pkgsinfo = [{ pkg: 'bash', version: '5', architecture: 'amd64' }];
    const older = { distroname: 'Debian 13', pkgsinfo };
    expect(readListing(older)).toEqual({ packages: [deb('bash', '5')], complete: ['deb'] });
    const empty = { distroname: 'Alpine', pkgsinfo: [{ pkg: '', version: '', architecture: '' }] };
    expect(readListing(empty)).toEqual({ packages: [], complete: [] });
    const rpm = { pkg: 'bash', version: '5.1-2.el9', architecture: 'x86_64' };
    expect(readListing({ ...older, pkgsinfo: [rpm] })?.complete).toEqual(['rpm']);
    expect(readListing({ packages: 'no' })).toBeUndefined();
  });
});

describe('selection', () => {
  const image = {
    names: ['registry.lab:5000/team/app:1.2'],
    platform: 'linux/arm/v7',
    labels: { team: 'red' },
  };

  test.each([
    [{}, true],
    [{ images: ['registry.lab:5000/team/*'] }, true],
    [{ images: ['registry.lab:5000/*'] }, false],
    [{ images: ['**/app'] }, true],
    [{ labels: ['team'] }, true],
    [{ labels: ['team=blue'] }, false],
    [{ labels: ['constructor'] }, false],
    [{ platforms: ['linux/arm'] }, true],
    [{ platforms: ['linux/amd64'] }, false],
  ] as const)('%j: %s', (settings, expected) => {
    expect(selectImages(scriptSettings.parse(settings))(image)).toBe(expected);
  });

  test('tag and digest are not part of the name', () => {
    expect(repositoryOf(`a.lab:5000/x/y:1@sha256:${'0'.repeat(64)}`)).toBe('a.lab:5000/x/y');
    expect(repositoryOf('a.lab:5000/x')).toBe('a.lab:5000/x');
  });
});

test('the documentation lists every group of variables that is not passed on', () => {
  const page = readFileSync(new URL('../../../../docs/scripts.md', import.meta.url), 'utf8');
  for (const name of ['LD_*', 'PYTHON*', 'NODE_*', 'BASH_*']) expect(page).toContain(`\`${name}\``);
});
