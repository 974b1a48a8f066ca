import fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

import { elfFile, peFile } from '../binary/testing/binary-samples.ts';
import { cargoLockReader, rustBinaryReader } from './rust-binary.ts';
import { packagesOf, purlsOf, readFacts, unknownsOf } from '../testing/read-facts.ts';

const name = '.dep-v0';
const crates = {
  packages: [
    { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
    { name: 'tool', version: '0.1.0', source: 'local', root: true, dependencies: [0, 2, 99] },
    { name: 'serde', version: '1.0.2+x', source: 'crates.io' },
  ],
};

function audited(content: string | Buffer): Buffer {
  return elfFile([{ name, bytes: deflateSync(content) }]);
}

describe('an audited program', () => {
  test('lists the linked crates, and not the build dependencies', async () => {
    const facts = await readFacts(rustBinaryReader, 'bin/tool', audited(JSON.stringify(crates)));
    expect(purlsOf(facts)).toEqual(['pkg:cargo/tool@0.1.0', 'pkg:cargo/serde@1.0.2%2Bx']);
    expect(packagesOf(facts)[0]).toMatchObject({
      ...{ foundBy: 'build-info', state: 'installed', dependsOn: ['cc', 'serde'] },
    });
  });

  test('may be one for Windows', async () => {
    const bytes = peFile([{ name, bytes: deflateSync(JSON.stringify(crates)) }]);
    expect(purlsOf(await readFacts(rustBinaryReader, 'a.exe', bytes))).toHaveLength(2);
  });

  test.each([
    ['a bomb', audited(Buffer.alloc(64 * 1024 * 1024)), 'too_large'],
    ['no compressed data', elfFile([{ name, bytes: Buffer.from('junk') }]), 'damaged'],
    ['no JSON', audited('{'), 'damaged'],
    ['another document', audited('{"packages":[{"name":1}]}'), 'damaged'],
  ])('with %s cannot be read, and is reported', async (_, bytes, reason) => {
    const facts = await readFacts(rustBinaryReader, 'a', bytes);
    expect(unknownsOf(facts)).toMatchObject([{ reason }]);
  });
});

test('other programs yield nothing', async () => {
  expect(await readFacts(rustBinaryReader, 'a', elfFile([]))).toEqual([]);
});

describe('a lock file of Cargo', () => {
  test('declares crates', async () => {
    const text = `version = 3
[[package]]
name = "tool"
version = "0.1.0"
dependencies = ["serde 1.0.2 (registry+https://github.com/rust-lang/crates.io-index)", "log"]

[[package]]
name = "log"
version = "0.4.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
`;
    const facts = packagesOf(await readFacts(cargoLockReader, 'src/Cargo.lock', text));
    expect(facts).toMatchObject([
      { purl: 'pkg:cargo/tool@0.1.0', state: 'declared', dependsOn: ['serde', 'log'] },
      { purl: 'pkg:cargo/log@0.4.1', foundBy: 'lock-file' },
    ]);
  });

  test.each(['[[package]', '[[package]]\nname = 1', `a = ${'['.repeat(5_000)}`])(
    'that is damaged is reported: %#',
    async (text) => {
      const facts = await readFacts(cargoLockReader, 'Cargo.lock', text);
      expect(unknownsOf(facts)).toMatchObject([{ reason: 'damaged' }]);
    },
  );
});

test('for any bytes, reading ends and fails with ReadError only', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.string(), async (junk, text) => {
      await readFacts(rustBinaryReader, 'a', elfFile([{ name, bytes: Buffer.from(junk) }]));
      await readFacts(rustBinaryReader, 'a', audited(text));
      await readFacts(cargoLockReader, 'Cargo.lock', text);
    }),
  );
});
