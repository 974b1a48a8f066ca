/** Group 7: layers as they are stored. */
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { nativeInflate } from '../../archive/native-inflate.ts';
import { buildTar, digestOf } from '../image-builder.ts';
import type { LayerInput } from '../image-builder.ts';
import { file, layersOf, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const seen = { files: ['f k'], findings: ['secret k@0'] } as const;
/** Engines refuse such a layer; what was inflated before the damage is examined. */
const damaged = { verdict: 'incomplete', gaps: ['layer: damaged'] } as const;
/** zlib does not return the last chunk before damage; ISA-L does. */
const beforeTheEnd = (await nativeInflate()) === undefined ? { files: [] } : seen;

async function tar(): Promise<Buffer> {
  return buildTar([file('k', secret)]);
}

function stored(
  name: string,
  store: (tar: Buffer) => Buffer,
  expect: HostileCase['expect'],
): HostileCase {
  return {
    name,
    build: async () => {
      const plain = await tar();
      const layer: LayerInput = { tar: plain, stored: store(plain) };
      return { layers: [layer] };
    },
    expect,
  };
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const place = at < 0 ? bytes.length + at : at;
  copy[place] = (copy[place] ?? 0) ^ 0xff;
  return copy;
}

function skippable(content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** The empty gzip member with an extra field with which an eStargz ends. */
const footer = Buffer.concat([
  Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, 0x53, 0x47, 22, 0]),
  Buffer.from('0000000000000000STARGZ'),
  Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]),
]);

export const compressionCases: readonly HostileCase[] = [
  stored(
    'gzip of several members, some empty',
    (plain) => {
      const parts = [plain.subarray(0, 700), plain.subarray(0, 0), plain.subarray(700)];
      return Buffer.concat(parts.map((part) => gzipSync(part)));
    },
    seen,
  ),
  stored(
    'eStargz: gzip with its footer',
    (plain) => Buffer.concat([gzipSync(plain), footer]),
    seen,
  ),
  stored(
    'zeros after a gzip are padding',
    (plain) => Buffer.concat([gzipSync(plain), Buffer.alloc(99)]),
    seen,
  ),
  stored(
    'other bytes after a gzip are damage',
    (plain) => Buffer.concat([gzipSync(plain), Buffer.from('garbage')]),
    { ...damaged, ...beforeTheEnd },
  ),
  stored('gzip with a wrong CRC', (plain) => changed(gzipSync(plain), -6), {
    ...damaged,
    ...beforeTheEnd,
  }),
  stored('gzip with a wrong length', (plain) => changed(gzipSync(plain), -2), {
    ...damaged,
    ...beforeTheEnd,
  }),
  stored('gzip with only a header', (plain) => gzipSync(plain).subarray(0, 10), {
    ...damaged,
    files: [],
  }),
  stored(
    'zstd of several frames with skippable ones, as zstd:chunked',
    (plain) =>
      Buffer.concat([
        ...[skippable(Buffer.from('x')), zstdCompressSync(plain.subarray(0, 700))],
        ...[skippable(Buffer.from('toc')), zstdCompressSync(plain.subarray(700))],
        skippable(Buffer.from('footer')),
      ]),
    seen,
  ),
  stored(
    'zstd that requires a window of 2 GiB is refused before memory is allocated',
    () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 1, 0, 0]),
    { ...damaged, files: [] },
  ),
  stored(
    'zstd that requires a dictionary',
    () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 0x01, 1, 0, 0]),
    { ...damaged, files: [] },
  ),
  stored('an uncompressed tar that is declared as gzip', (plain) => plain, seen),
  stored('zstd that is declared as gzip', (plain) => zstdCompressSync(plain), seen),
  {
    name: 'gzip that is declared as uncompressed',
    build: async () => {
      const plain = await tar();
      const mediaType = 'application/vnd.oci.image.layer.v1.tar';
      return { layers: [{ tar: plain, stored: gzipSync(plain), mediaType }] };
    },
    expect: seen,
  },
  {
    name: 'a gzip in a gzip is a damaged layer, and not opened twice',
    build: async () => {
      const once = gzipSync(await tar());
      return { layers: [{ tar: once, stored: gzipSync(once) }] };
    },
    expect: { ...damaged, files: [] },
  },
  {
    name: 'a layer of no bytes at all',
    build: () => ({
      layers: [{ stored: Buffer.alloc(0), claims: { diffId: digestOf(Buffer.alloc(0)) } }],
    }),
    expect: { files: [] },
  },
  { name: 'a layer without entries', build: () => layersOf([]), expect: { files: [] } },
  {
    name: 'a layer that is listed twice',
    build: () => layersOf([file('k', secret)], [file('k', secret)]),
    expect: { files: ['f k', 'f k by 1'], findings: ['secret k@0 by 1', 'secret k@1'] },
  },
];
