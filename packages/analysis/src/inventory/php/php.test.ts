import { describe, expect, test } from 'vitest';

import { factsOf } from '../testing/read-file.ts';
import { composerLockReader, composerReader, pearReader } from './php.ts';

const monolog = {
  name: 'monolog/monolog',
  version: 'v2.0.0',
  license: ['MIT'],
  require: { php: '>=7', 'psr/log': '^1' },
};

describe('Composer', () => {
  const path = 'app/vendor/composer/installed.json';

  test.each([
    ['1', [monolog]],
    ['2', { packages: [monolog], dev: true }],
  ])('in version %s lists what it installed', async (_version, json) => {
    expect(await factsOf(composerReader, path, JSON.stringify(json))).toEqual([
      {
        kind: 'package',
        path,
        type: 'composer',
        name: 'monolog/monolog',
        version: 'v2.0.0',
        purl: 'pkg:composer/monolog/monolog@v2.0.0',
        foundBy: 'database',
        state: 'installed',
        licenses: ['MIT'],
        dependsOn: ['psr/log'],
      },
    ]);
  });

  test('with one damaged entry yields the others and a warning', async () => {
    const json = JSON.stringify([{ name: 'a/b' }, monolog, null]);
    expect(await factsOf(composerReader, path, json)).toMatchObject([
      { kind: 'package', name: 'monolog/monolog' },
      { kind: 'diagnostic', reason: 'damaged' },
    ]);
  });

  test('declares packages in its lock file', async () => {
    const json = { packages: [monolog], 'packages-dev': [{ ...monolog, name: 'x/y' }] };
    expect(await factsOf(composerLockReader, 'composer.lock', JSON.stringify(json))).toMatchObject([
      { name: 'monolog/monolog', state: 'declared', foundBy: 'lock-file' },
      { name: 'x/y', state: 'declared' },
    ]);
  });
});

describe('the registry of PEAR', () => {
  const path = 'usr/share/php/.registry/.channel.pecl.php.net/redis.reg';
  const text = (value: string): string => `s:${Buffer.byteLength(value)}:"${value}";`;
  const pairs = (entries: Record<string, string>): string => {
    const parts = Object.entries(entries).map(([key, value]) => `${text(key)}${value}`);
    return `a:${parts.length}:{${parts.join('')}}`;
  };

  test('is read as PHP serialized it', async () => {
    const bytes = pairs({
      attribs: pairs({ version: text('2.0') }),
      name: text('redis'),
      channel: text('pecl.php.net'),
      summary: text('Ünïcode";s:4:"name"'),
      release: 'a:2:{i:0;b:1;i:1;d:0.5;}',
      nothing: 'N;',
      version: pairs({ release: text('5.3.7'), api: text('5.3.0') }),
      license: pairs({ _content: text('PHP') }),
    });
    expect(await factsOf(pearReader, path, bytes)).toMatchObject([
      { type: 'generic', purl: 'pkg:pear/pecl.php.net/redis@5.3.7', licenses: ['PHP'] },
    ]);
  });

  test.each([
    ['a length above the bytes', 's:99999999:"x";', 'damaged'],
    ['an object', 'O:3:"Foo":0:{}', 'damaged'],
    ['an array that never ends', 'a:1:{', 'damaged'],
    ['arrays deeper than the limit', 'a:1:{i:0;'.repeat(20_000), 'too_deep'],
    ['no name', 'a:0:{}', 'missing_part'],
  ])('with %s is unknown', async (_what, bytes, reason) => {
    expect(await factsOf(pearReader, path, bytes)).toMatchObject([{ kind: 'diagnostic', reason }]);
  });
});
