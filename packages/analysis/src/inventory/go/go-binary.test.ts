import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  elfFile,
  loadAddress,
  machOFile,
  peFile,
  writer,
} from '../binary/testing/binary-samples.ts';
import type { SampleShape } from '../binary/testing/binary-samples.ts';
import { goBinaryReader } from './go-binary.ts';
import { packagesOf, purlsOf, readFacts, unknownsOf } from '../testing/read-facts.ts';

const frame = '0123456789abcdef';
const modules = [
  'path\texample.com/tool/cmd/tool',
  'mod\texample.com/tool\tv1.4.0\th1:abc=',
  'dep\tgithub.com/Azure/sdk\tv0.3.0\th1:def=',
  'dep\tgolang.org/x/net\tv0.1.0',
  '=>\tgithub.com/fork/net\tv0.2.0\th1:ghi=',
  'dep\texample.com/near\tv0.0.0',
  '=>\t./near\t(devel)\t',
  'build\t-compiler=gc',
  '',
].join('\n');
const purls = [
  'pkg:golang/stdlib@1.22.1',
  'pkg:golang/example.com/tool@v1.4.0',
  'pkg:golang/github.com/Azure/sdk@v0.3.0',
  'pkg:golang/github.com/fork/net@v0.2.0',
  'pkg:golang/example.com/near@v0.0.0',
];

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7]);
}

function framed(text: string): string {
  return text === '' ? '' : `${frame}${text}${frame}`;
}

/** The format since Go 1.18. */
function inline(version: string, text: string): Buffer {
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:\x08\x02', 'latin1');
  const list = Buffer.from(framed(text));
  return Buffer.concat([
    head,
    varint(version.length),
    Buffer.from(version),
    varint(list.length),
    list,
  ]);
}

/** The format before: pointers to strings, which are pointers to bytes with their lengths. */
function pointed(version: string, text: string, shape: SampleShape): Buffer {
  const is64 = shape.is64 !== false;
  const width = is64 ? 8 : 4;
  const write = writer(shape.isBigEndian === true, is64);
  const start = loadAddress + (is64 ? 128 : 96);
  const texts = Buffer.from(`${version}${framed(text)}`);
  const bytes = Buffer.alloc(16 + width * 6);
  bytes.write('\xff Go buildinf:', 'latin1');
  bytes[14] = width;
  bytes[15] = shape.isBigEndian === true ? 1 : 0;
  const headers = 16 + width * 2;
  write.word(bytes, 16, start + headers);
  write.word(bytes, 16 + width, start + headers + width * 2);
  write.word(bytes, headers, start + bytes.length);
  write.word(bytes, headers + width, version.length);
  write.word(bytes, headers + width * 2, start + bytes.length + version.length);
  write.word(bytes, headers + width * 3, texts.length - version.length);
  return Buffer.concat([bytes, texts]);
}

const name = '.go.buildinfo';
const info = inline('go1.22.1', modules);
const unrelated = Buffer.from('text with \xff Go buildinf: in it, and 32 bytes behind', 'latin1');

describe('a Go program', () => {
  const bigEndian = { isBigEndian: true } as const;
  const files: [string, Buffer][] = [
    ['since Go 1.18', elfFile([{ name, bytes: info }])],
    ['of 32 bits', elfFile([{ name, bytes: info }], { is64: false })],
    [
      'with the marker in its texts too',
      elfFile([{ name, bytes: Buffer.concat([unrelated, info]) }]),
    ],
    ['stripped of its sections', elfFile([{ name, bytes: info }], { isStripped: true })],
    ['for Windows', peFile([{ name: '.data', bytes: info, isWritable: true }])],
    ['for macOS', machOFile([{ name: '__go_buildinfo', bytes: info }])],
    ['before Go 1.18', elfFile([{ name, bytes: pointed('go1.22.1', modules, {}) }])],
    [
      'before Go 1.18, big-endian',
      elfFile([{ name, bytes: pointed('go1.22.1', modules, bigEndian) }], bigEndian),
    ],
    [
      'before Go 1.18, of 32 bits',
      elfFile([{ name, bytes: pointed('go1.22.1', modules, { is64: false }) }], { is64: false }),
    ],
  ];
  test.each(files)('the modules of %s are listed, without the execute bit', async (_, bytes) => {
    const facts = await readFacts(goBinaryReader, 'usr/bin/tool', bytes);
    expect(purlsOf(facts)).toEqual(purls);
    expect(unknownsOf(facts)).toEqual([]);
    expect(bytes.toString('latin1').indexOf('\xff Go')).toBeLessThanOrEqual(
      packagesOf(facts)[0]?.offset ?? 0,
    );
  });

  const main = 'path\texample.com/a\nmod\texample.com/a\t(devel)\t\n';
  test.each([
    ['-ldflags="-s -w -X main.version=1.2.3"', 'v1.2.3'],
    ['-ldflags="-X example.com/a/version.Version=v2.0.0 -X other.com/b.Version=v9.9.9"', 'v2.0.0'],
    ['-ldflags=-X=main.Version=v3.0.0-rc.1', 'v3.0.0-rc.1'],
    ['-ldflags="-X main.date=2024.01.02"', ''],
    [
      'vcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2024-02-03T04:05:06Z',
      'v0.0.0-20240203040506-0123456789ab',
    ],
    ['CGO_ENABLED=0', ''],
  ])('that was built as (devel) with %s is %s', async (setting, version) => {
    const bytes = elfFile([{ name, bytes: inline('go1.20', `${main}build\t${setting}\n`) }]);
    const facts = packagesOf(await readFacts(goBinaryReader, 'a', bytes));
    expect(facts.find((fact) => fact.name === 'example.com/a')?.version).toBe(version);
  });

  test.each<[string, string, string]>([
    ['one version alone', '\0v1.6.20\0', 'v1.6.20'],
    ['one and its longer form', '\x001.6.20+ds1-1\0abc\x001.6.20\0', 'v1.6.20'],
    ['two versions', '\0v1.6.20\0x\0v2.0.0\0', ''],
    ['versions inside other texts', 'v1.6.20, go1.20\0', ''],
  ])('whose version is only a text, with %s', async (_, text, version) => {
    const rodata = { name: '.rodata', bytes: Buffer.from(text) };
    const bytes = elfFile([rodata, { name, bytes: inline('go1.20', main) }]);
    const facts = packagesOf(await readFacts(goBinaryReader, 'a', bytes));
    const own = facts.find((fact) => fact.name === 'example.com/a');
    expect(own?.version).toBe(version);
    expect(own?.foundBy).toBe(version === '' ? 'build-info' : 'pattern');
  });

  test('with a custom toolchain has the version without extras', async () => {
    const bytes = elfFile([{ name, bytes: inline('go1.21.3 X:boringcrypto', modules) }]);
    const [first] = packagesOf(await readFacts(goBinaryReader, 'a', bytes));
    expect(first?.version).toBe('1.21.3');
  });

  test('without modules, but with a version, is named by the path of its main package', async () => {
    const text = 'path\texample.com/b/cmd/tool\nbuild\t-ldflags="-X main.Version=1.0.1"\n';
    const bytes = elfFile([{ name, bytes: inline('go1.19.8', text) }]);
    const facts = await readFacts(goBinaryReader, 'a', bytes);
    expect(purlsOf(facts)).toContain('pkg:golang/example.com/b@v1.0.1');
    expect(unknownsOf(facts)).toMatchObject([{ reason: 'not_recorded' }]);
  });

  test('without modules is not read as one that has no dependencies', async () => {
    const bytes = elfFile([{ name, bytes: inline('go1.19.8', '') }]);
    const facts = await readFacts(goBinaryReader, 'a', bytes);
    expect(purlsOf(facts)).toEqual(['pkg:golang/stdlib@1.19.8']);
    expect(unknownsOf(facts)).toMatchObject([{ reason: 'not_recorded' }]);
  });

  test.each([
    ['with its sections', { isStripped: false }],
    ['without sections', { isStripped: true }],
  ])(
    'whose build information was removed, %s, has its Go version and a warning',
    async (_, shape) => {
      const table = Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
      const data = Buffer.from('\0go1.22.1\0other text');
      const sections = [
        { name: '.gopclntab', bytes: table },
        { name: '.rodata', bytes: data },
      ];
      const facts = await readFacts(goBinaryReader, 'a', elfFile(sections, shape));
      expect(packagesOf(facts)).toMatchObject([
        { name: 'stdlib', version: '1.22.1', foundBy: 'pattern' },
      ]);
      expect(unknownsOf(facts)).toMatchObject([{ reason: 'missing_part' }]);
    },
  );

  test('with several Go versions in its data has no certain one', async () => {
    const table = Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
    const data = Buffer.from('\0go1.22.1\0go1.21\0');
    const sections = [
      { name: '.gopclntab', bytes: table },
      { name: '.rodata', bytes: data },
    ];
    const facts = await readFacts(goBinaryReader, 'a', elfFile(sections));
    expect(packagesOf(facts)).toEqual([]);
    expect(unknownsOf(facts)).toHaveLength(1);
  });
});

test('programs of other languages yield nothing', async () => {
  const bytes = elfFile([{ name: '.text', bytes: Buffer.from('\0go1.22.1\0') }]);
  expect(await readFacts(goBinaryReader, 'a', bytes)).toEqual([]);
});

test('for any bytes, reading ends without an error', async () => {
  const samples = fc.constantFrom(
    elfFile([{ name, bytes: info }]),
    elfFile([{ name, bytes: info }], { isStripped: true }),
    elfFile([{ name, bytes: pointed('go1.2', modules, { is64: false }) }], { is64: false }),
  );
  const edits = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(samples, edits, async (sample, changes) => {
      const bytes = Buffer.from(sample);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      await readFacts(goBinaryReader, 'a', bytes);
    }),
    { numRuns: 300 },
  );
});
