// Not in the quick check: every reader gets megabytes of hostile input.
import { describe, expect, test } from 'vitest';

import { neverCrashes, wholeFile } from '../testing/read-file.ts';
import { scriptReaders } from './script-readers.ts';

const json = Buffer.from(
  '{"name":"a","version":"1","packages":{"node_modules/b":{"version":"2"}}}',
);
const lock = Buffer.from('[[package]]\nname = "a"\nversion = "1"\na@1:\n  version "1"\n');
const samples: Readonly<Record<string, readonly [path: string, sound: Buffer]>> = {
  npm: ['node_modules/a/package.json', json],
  'npm-lock': ['package-lock.json', json],
  'yarn-lock': ['yarn.lock', lock],
  'pnpm-lock': ['pnpm-lock.yaml', Buffer.from('packages:\n  a@1:\n    name: b\n')],
  'bun-lock': ['bun.lock', Buffer.from('{"packages":{"a":["a@1",],},/* */}')],
  python: ['a-1.dist-info/METADATA', Buffer.from('Name: a\nVersion: 1\n\n')],
  'python-record': ['a-1.dist-info/RECORD', Buffer.from('"a,b",sha256=x,1\n../b,,\n')],
  'python-egg': ['a.egg', Buffer.from('PK\x03\x04')],
  'python-lock': ['uv.lock', lock],
  'pipfile-lock': ['Pipfile.lock', Buffer.from('{"default":{"a":{"version":"==1"}}}')],
  requirements: ['requirements.txt', Buffer.from('a==1\nb [x] == 2 ; y\n')],
  gemspec: ['specifications/a.gemspec', Buffer.from(`s.name = ["a", %q<b>]\ns.version = 'b'`)],
  'gemfile-lock': ['Gemfile.lock', Buffer.from('GEM\n  specs:\n    a (1.0-x)\n')],
  composer: ['composer/installed.json', Buffer.from('[{"name":"a/b","version":"1"}]')],
  'composer-lock': ['composer.lock', Buffer.from('{"packages":[{"name":"a/b"}]}')],
  pear: ['.registry/a.reg', Buffer.from('a:2:{s:4:"name";s:1:"a";i:1;a:1:{b:1;N;}}')],
  conda: ['conda-meta/a.json', Buffer.from('{"name":"a","version":"1","files":["x"]}')],
  'claimed-sbom': ['a.cdx.json', Buffer.from('{"bomFormat":"CycloneDX","components":[{}]}')],
};

describe.each(scriptReaders.map((reader) => [reader.id, reader] as const))('%s', (id, reader) => {
  const [path, sound] = samples[id] ?? ['', Buffer.alloc(0)];

  test('never crashes on corrupt input', async () => {
    expect(path).not.toBe('');
    await neverCrashes(reader, path, sound);
  });

  test.each([
    ['one line', 'a '.repeat(500_000)],
    ['brackets', '[{"a":'.repeat(200_000)],
    ['spaces', `a==${' '.repeat(1_000_000)}x`],
    ['quotes', '"'.repeat(1_000_000)],
    ['colons', ': {'.repeat(300_000)],
    ['lines', '  a@1:\n    version: 1\n'.repeat(40_000)],
  ])('finishes in time on a long run of %s', async (_what, text) => {
    try {
      await reader.read(wholeFile(path, text), () => undefined);
    } catch (error) {
      expect((error as Error).name).toBe('ReadError');
    }
  });
});

test('each reader has a unique id', () => {
  const ids = scriptReaders.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
