import { describe, expect, test } from 'vitest';

import { factsOf, ofKind } from '../testing/read-file.ts';
import type { Reader } from '../reader.ts';
import { bunLockReader, npmLockReader } from './npm-lock.ts';
import { npmReader } from './npm.ts';
import { pnpmLockReader, yarnLockReader } from './yarn-lock.ts';

const root = 'app/node_modules/left-pad/package.json';

async function purls(reader: Reader, path: string, content: string): Promise<string[]> {
  const facts = await factsOf(reader, path, content);
  expect(ofKind(facts, 'diagnostic')).toEqual([]);
  return ofKind(facts, 'package').map(({ purl }) => purl);
}

describe('an installed package', () => {
  test('is reported with its licence, author and dependencies', async () => {
    const json = {
      name: '@acme/left-pad',
      version: '1.3.0',
      license: 'MIT',
      author: 'Ada <ada@example.org> (https://example.org)',
      dependencies: { b: '^1.0.0', a: '*' },
    };
    const path = 'usr/lib/node_modules/@acme/left-pad/package.json';
    expect(await factsOf(npmReader, path, JSON.stringify(json))).toEqual([
      {
        kind: 'package',
        path,
        type: 'npm',
        name: '@acme/left-pad',
        version: '1.3.0',
        purl: 'pkg:npm/%40acme/left-pad@1.3.0',
        foundBy: 'metadata',
        state: 'installed',
        licenses: ['MIT'],
        supplier: 'Ada',
        dependsOn: ['b', 'a'],
      },
    ]);
  });

  test('may have licences in the old formats', async () => {
    const json = '{"name":"a","version":"1","license":{"type":"BSD"},"licenses":[{"type":"X11"}]}';
    const [found] = ofKind(await factsOf(npmReader, root, json), 'package');
    expect(found?.licenses).toEqual(['BSD', 'X11']);
  });

  test('with a byte order mark is read', async () => {
    const json = '{"name":"a","version":"1.0.0"}';
    expect(await purls(npmReader, root, `\ufeff${json}`)).toEqual(['pkg:npm/a@1.0.0']);
    const wide = Buffer.from(`\ufeff${json}`, 'utf16le');
    expect(ofKind(await factsOf(npmReader, root, wide), 'package')).toHaveLength(1);
  });

  test('with duplicate keys has the last of them, as for Node', async () => {
    const json = '{"name":"a","version":"1.0.0","version":"2.0.0"}';
    expect(await purls(npmReader, root, json)).toEqual(['pkg:npm/a@2.0.0']);
  });

  test('of 10 MB is read', async () => {
    const json = JSON.stringify({ name: 'a', version: '1.0.0', readme: 'x'.repeat(10_000_000) });
    expect(await purls(npmReader, root, json)).toEqual(['pkg:npm/a@1.0.0']);
  });

  test('nested 2,000 deep is read, and a million deep is reported', async () => {
    const deep = (depth: number): string =>
      `{"name":"a","version":"1.0.0","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(await purls(npmReader, root, deep(2_000))).toEqual(['pkg:npm/a@1.0.0']);
    expect(await factsOf(npmReader, root, deep(1_000_000))).toMatchObject([{ reason: 'too_deep' }]);
  });

  test('with a field __proto__ has only its own fields', async () => {
    const json = '{"__proto__":{"name":"evil","version":"6.6.6"},"name":"a","version":"1.0.0"}';
    expect(await purls(npmReader, root, json)).toEqual(['pkg:npm/a@1.0.0']);
    const inherited = '{"__proto__":{"name":"evil","version":"6.6.6"}}';
    expect(await factsOf(npmReader, root, inherited)).toMatchObject([{ reason: 'missing_part' }]);
  });

  test.each([
    ['without a version', '{"name":"a"}', 'missing_part'],
    ['with numbers instead of strings', '{"name":1,"version":2}', 'missing_part'],
    ['with spaces in its name', '{"name":"a b","version":"1"}', 'damaged'],
    ['that is not JSON', '{', 'damaged'],
    ['that is a list', '[]', 'damaged'],
  ])('%s is unknown, not omitted', async (_what, json, reason) => {
    expect(await factsOf(npmReader, root, json)).toMatchObject([{ kind: 'diagnostic', reason }]);
  });
});

describe('package.json elsewhere', () => {
  test('is an application when it has a name and a version', async () => {
    const json = '{"name":"shop","version":"2.0.0","private":true}';
    expect(await purls(npmReader, 'srv/shop/package.json', json)).toEqual(['pkg:npm/shop@2.0.0']);
    expect(await purls(npmReader, 'srv/package.json', '{"type":"module"}')).toEqual([]);
  });

  test('deeper inside a package may be anything', async () => {
    const inside = 'app/node_modules/a/lib/esm/package.json';
    expect(await purls(npmReader, inside, '{"type":"module"}')).toEqual([]);
    expect(await purls(npmReader, inside, '{ damaged')).toEqual([]);
    const bundled = 'app/node_modules/next/dist/compiled/x/package.json';
    expect(await purls(npmReader, bundled, '{"name":"x","version":"1.0.0"}')).toHaveLength(1);
  });

  test('in test fixtures is not read', () => {
    const file = { path: 'app/node_modules/resolve/test/bad/package.json', sizeBytes: 1 };
    expect(npmReader.accepts?.(file as never)).toBe(false);
  });
});

describe('lock files of npm', () => {
  test('of version 1 are read to any depth', async () => {
    const json = {
      lockfileVersion: 1,
      dependencies: {
        a: { version: '1.0.0', dependencies: { b: { version: '2.0.0' } } },
        alias: { version: 'npm:@x/real@3.0.0' },
        git: { version: 'git+ssh://git@example.org/x.git#abc' },
      },
    };
    const found = await purls(npmLockReader, 'app/package-lock.json', JSON.stringify(json));
    const expected = ['pkg:npm/a@1.0.0', 'pkg:npm/b@2.0.0', 'pkg:npm/%40x/real@3.0.0'];
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  test('of version 3 are declared, without links and the project', async () => {
    const json = {
      lockfileVersion: 3,
      packages: {
        '': { name: 'app', version: '1.0.0' },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/a/node_modules/@s/b': { version: '2.0.0', dev: true },
        'node_modules/alias': { name: 'real', version: '3.0.0' },
        'node_modules/own': { resolved: 'own', link: true, version: '9.0.0' },
      },
    };
    const path = 'app/npm-shrinkwrap.json';
    const facts = ofKind(await factsOf(npmLockReader, path, JSON.stringify(json)), 'package');
    expect(facts.map(({ purl }) => purl)).toEqual([
      'pkg:npm/a@1.0.0',
      'pkg:npm/%40s/b@2.0.0',
      'pkg:npm/real@3.0.0',
    ]);
    expect(new Set(facts.map(({ state }) => state))).toEqual(new Set(['declared']));
  });

  test('inside installed packages are not read', () => {
    const file = { path: 'a/node_modules/b/package-lock.json', sizeBytes: 9 };
    for (const reader of [npmLockReader, yarnLockReader, pnpmLockReader, bunLockReader]) {
      expect(reader.accepts?.(file as never)).toBe(false);
    }
  });
});

test('lock files of Yarn 1 are read', async () => {
  const text = `# yarn lockfile v1


"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.2.0"
  resolved "https://example.org/x.tgz"
  dependencies:
    version "9.9.9"

a@^1.0.0:
  version "1.0.1"

alias@npm:real@^2:
  version "2.0.0"
`;
  expect(await purls(yarnLockReader, 'yarn.lock', text)).toEqual([
    'pkg:npm/%40babel/core@7.2.0',
    'pkg:npm/a@1.0.1',
    'pkg:npm/real@2.0.0',
  ]);
});

test('lock files of modern Yarn are read without the workspace', async () => {
  const text = `__metadata:
  version: 8

"a@npm:^1.0.0, a@npm:^1.1.0":
  version: 1.1.0
  resolution: "a@npm:1.1.0"
  linkType: hard

"p@patch:p@npm%3A2.0.0#./p.patch":
  version: 2.0.0
  resolution: "p@patch:p@npm%3A2.0.0#./p.patch::version=2.0.0"

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
`;
  const expected = ['pkg:npm/a@1.1.0', 'pkg:npm/p@2.0.0'];
  expect(await purls(yarnLockReader, 'yarn.lock', text)).toEqual(expected);
});

test.each([
  ['node_modules/terser/bin/package.json', []],
  ['node_modules/bin/package.json', ['pkg:npm/bin@1.0.0']],
  ['usr/share/nodejs/terser/bin/package.json', []],
  ['usr/share/nodejs/@popperjs/test/package.json', ['pkg:npm/bin@1.0.0']],
  ['app/package.json', ['pkg:npm/bin@1.0.0']],
])('a private package is one only where packages are installed: %s', async (path, expected) => {
  const text = JSON.stringify({ name: 'bin', version: '1.0.0', private: true });
  expect(await purls(npmReader, path, text)).toEqual(expected);
});

test.each([
  ['5', '  /a/1.0.0:\n    dev: true\n  /@s/b/2.0.0_react@17.0.0:\n    dev: true\n'],
  ['6', '  /a@1.0.0:\n    dev: true\n  /@s/b@2.0.0(react@17.0.0):\n    dev: true\n'],
  ['9', "  a@1.0.0:\n    engines: {node: '>=6'}\n\n  '@s/b@2.0.0':\n    hasBin: true\n"],
])('lock files of pnpm in version %s are read', async (version, packages) => {
  const before = `lockfileVersion: '${version}'\n\nimporters:\n\n  x@9.9.9:\n    y: 1\n\n`;
  const text = `${before}packages:\n\n${packages}\nsnapshots:\n\n  z@9.9.9:\n    y: 1\n`;
  const expected = ['pkg:npm/a@1.0.0', 'pkg:npm/%40s/b@2.0.0'];
  expect(await purls(pnpmLockReader, 'pnpm-lock.yaml', text)).toEqual(expected);
});

test('lock files of pnpm have the names of packages from other sources', async () => {
  const text = `packages:\n\n  https://example.org/x.tgz:\n    name: x\n    version: 3.0.0\n`;
  expect(await purls(pnpmLockReader, 'pnpm-lock.yaml', text)).toEqual(['pkg:npm/x@3.0.0']);
});

test('lock files of Bun are read with their commas and comments', async () => {
  const text = `{
  // made by bun, "not a string
  "lockfileVersion": 1, /* , */
  "packages": {
    "a": ["a@1.0.0", "", {"x": "} // , ]",}, "sha512-x==",],
    "own": ["own@workspace:packages/own"],
    "@s/b": ["@s/b@2.0.0", "", {}, "sha512-y=="],
  },
}`;
  const expected = ['pkg:npm/a@1.0.0', 'pkg:npm/%40s/b@2.0.0'];
  expect(await purls(bunLockReader, 'bun.lock', text)).toEqual(expected);
});
