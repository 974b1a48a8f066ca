/** Group 1: names and numbers in headers; group 2: entries that replace each other. */
import { formatPax } from '../../archive/pax.ts';
import { rawMember } from '../raw-tar.ts';
import { directory, file, layersOf, link, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const x = Buffer.from('x');

function pax(records: Record<string, string>): Buffer {
  const content = formatPax(new Map(Object.entries(records)));
  return rawMember({ name: 'pax', flag: 'x', content });
}

function withSize(change: (block: Buffer) => void, content = x): Buffer {
  return rawMember({ name: 'odd', content, change });
}

const longest = `${'d'.repeat(200)}/`.repeat(20) + 'e'.repeat(76);

export const nameCases: readonly HostileCase[] = [
  {
    name: 'names that are absolute or contain .., . or repeated slashes',
    build: () =>
      layersOf(['../../etc/shown', '/abs', './dot', 'a//b', 'c/../d'].map((path) => file(path))),
    expect: {
      files: ['f a/b', 'f abs', 'f d', 'f dot', 'f etc/shown'],
      findings: ['path-escape ../../etc/shown@0'],
    },
  },
  {
    name: 'entries without a name, and the root as a file, are examined',
    build: () => layersOf([rawMember({ name: '', content: Buffer.from(secret) }), file('.')]),
    expect: { findings: ['secret @0 by 0'], files: ['f by 0'] },
  },
  {
    name: 'a name ends at its NUL',
    build: () => layersOf([rawMember({ name: 'a\0b', content: x })]),
    expect: { files: ['f a'] },
  },
  {
    name: 'a NUL in a pax path ends the layer',
    build: () => layersOf([file('before'), pax({ path: 'a\0b' }), rawMember({ content: x })]),
    expect: { verdict: 'incomplete', files: ['f before'], gaps: ['layer: damaged'] },
  },
  {
    name: 'names that are not UTF-8',
    build: () => layersOf([rawMember({ name: Buffer.from('a\xffb', 'latin1'), content: x })]),
    expect: { files: ['f a\\xffb'] },
  },
  {
    name: 'two names that differ only in bytes that are not UTF-8 are two files',
    build: () =>
      layersOf([
        rawMember({ name: Buffer.from('a\xff', 'latin1'), content: x }),
        rawMember({ name: Buffer.from('a\xfe', 'latin1'), content: Buffer.from(secret) }),
      ]),
    expect: { files: ['f a\\xfe', 'f a\\xff'], findings: ['secret a\\xfe@0'] },
  },
  {
    name: 'a name of 4,096 bytes, by pax and by GNU',
    build: () =>
      layersOf([
        file(longest),
        rawMember({
          name: '././@LongLink',
          flag: 'L',
          content: Buffer.from(`${longest}2`.slice(1)),
        }),
        rawMember({ content: x }),
      ]),
    expect: { files: [`f ${longest.slice(1)}2`, `f ${longest}`] },
  },
  {
    name: 'a name of 4,097 bytes ends the layer, and previous entries remain',
    build: () => layersOf([file('before', secret), file(`${longest}e`)]),
    expect: {
      ...{ verdict: 'incomplete', files: ['f before'], gaps: ['layer: too_large'] },
      findings: ['secret before@0'],
    },
  },
  {
    name: 'a pax path replaces that of the header',
    build: () => layersOf([pax({ path: 'shown' }), rawMember({ name: 'hidden', content: x })]),
    expect: { files: ['f shown'] },
  },
  {
    name: 'a pax size replaces that of the header, so that no entry hides in another',
    build: () =>
      layersOf([
        pax({ size: '600' }),
        rawMember({ name: 'outer', sizeBytes: 0 }),
        rawMember({ name: 'inner', content: Buffer.from('inner') }),
      ]),
    expect: {
      ...{ verdict: 'incomplete', files: ['f outer'], gaps: ['unpacking: damaged outer'] },
    },
  },
  {
    name: 'a size in base 256',
    build: () =>
      layersOf([
        withSize((block) => {
          block.fill(0, 124, 136).writeUInt8(0x80, 124);
          block.writeUInt8(1, 135);
        }),
      ]),
    expect: { files: ['f odd'] },
  },
  ...[
    ['a negative size', 0xff, 'damaged'],
    ['a size that overflows', 0xbf, 'damaged'],
  ].map(([name, byte, reason]): HostileCase => ({
    name: `${name} ends the layer`,
    build: () =>
      layersOf([file('before'), withSize((block) => void block.fill(Number(byte), 124, 136))]),
    expect: { verdict: 'incomplete', files: ['f before'], gaps: [`layer: ${reason}`] },
  })),
  {
    name: 'a size of an exabyte ends the layer at the limit',
    build: () =>
      layersOf([
        withSize((block) => {
          block.fill(0, 124, 136).writeUInt8(0x80, 124);
          block.writeUInt8(0x10, 130);
        }),
      ]),
    expect: { verdict: 'incomplete', files: [], gaps: ['layer: too_large'] },
  },
  {
    name: 'a wrong checksum ends the layer',
    build: () => {
      const odd = rawMember({ name: 'odd', content: x });
      odd[0] = 0x70;
      return layersOf([file('before'), odd]);
    },
    expect: { verdict: 'incomplete', files: ['f before'], gaps: ['layer: damaged'] },
  },
];

export const replacingCases: readonly HostileCase[] = [
  {
    name: 'of two files of one name the last counts, and the first is examined too',
    build: () => layersOf([file('a', secret), file('a', 'harmless')]),
    expect: { files: ['f a', 'f a by 0'], findings: ['secret a@0 by 0'] },
  },
  {
    name: 'a directory in place of a file, and a file in place of a directory',
    build: () =>
      layersOf(
        [file('a', secret), file('b/inner', secret), directory('c')],
        [directory('a'), file('a/new'), file('b'), file('c')],
      ),
    expect: {
      files: ['d a', 'f a/new', 'f b', 'f c', 'f a by 1', 'f b/inner by 1', 'd c by 1'],
      findings: ['secret a@0 by 1', 'secret b/inner@0 by 1'],
    },
  },
  {
    name: 'a symbolic link in place of a directory, and files below it',
    build: () =>
      layersOf([
        file('real/old'),
        file('d/lost', secret),
        link('d', '/real'),
        file('d/new', secret),
      ]),
    expect: {
      files: ['l d -> /real', 'f real/new', 'f real/old', 'f d/lost by 0'],
      findings: ['secret d/lost@0 by 0', 'secret d/new@0'],
    },
  },
  {
    name: 'entries without their directories',
    build: () => layersOf([file('very/deep/file', secret)]),
    expect: { files: ['f very/deep/file'], findings: ['secret very/deep/file@0'] },
  },
  {
    name: 'an entry below a file cannot be unpacked by any tool, and is still examined',
    build: () => layersOf([file('a'), file('a/b', secret)]),
    expect: {
      ...{ verdict: 'incomplete', files: ['f a', 'f a/b by 0'], gaps: ['layer: damaged'] },
      findings: ['secret a/b@0 by 0'],
    },
  },
];
