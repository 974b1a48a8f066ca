/** Valid inputs of several targets. */
import { gzipSync, zstdCompressSync } from 'node:zlib';

import {
  arArchive,
  binaryCpio,
  cpioArchive,
  sevenZip,
} from '../../../packages/analysis/src/archive/testing/nested-samples.ts';
import { zipArchive } from '../../../packages/analysis/src/archive/testing/zip-samples.ts';
import type { TarInput } from '../../../packages/analysis/src/archive/write-tar.ts';
import { writeTar } from '../../../packages/analysis/src/archive/write-tar.ts';
import {
  headerOf,
  rpmHeader,
} from '../../../packages/analysis/src/inventory/testing/rpm-header.ts';
import { sealHeader } from '../../../packages/analysis/src/testing/raw-tar.ts';

/** 190 bytes, compressed by the tools of their formats (xz 5.8, bzip2 1.0). */
export const packed = {
  xz: decode(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AC9AFhdACYYS0YjkTsLU1ErvoIAkm3nGPGjcn5+EqBGID3HhIC3g+Ax8n/F',
    'zQ/3h2GRhN5BlG8Eo1zpAiICexJbnDXjL72+gVMwCNaGZV1JeiyWO+JRiYBOU0rgR8wAvxsbQvgZwWkAAXS+AQAAABpK',
    'rUSxxGf7AgAAAAAEWVo=',
  ),
  lzma: decode(
    'XQAAgAD//////////wAmGEtGI5E7C1NRK76CAJJt5xjxo3J+fhKgRiA9x4SAt4PgMfJ/xc0P94dhkYTeQZRvBKNc6QIi',
    'AnsSW5w14y+9voFTMAjWhmVdSXosljviUYmATlNUyV2k//41GAA=',
  ),
  bzip2: decode(
    'QlpoOTFBWSZTWc4i+HsAAC79gH//////////gAQmZNwQIABgZUjT1AaNANAaAAANAAAAHqeUOMmTTTCZGQMCMTRgjCDR',
    'pgAErMPn7MBEGFDiRYzUeQ3JlS5k2dPcoUaVOpVdersEKBUDZtW7l29fwYcWN7I0DlbzZ9GnVr2bd2/hx5c+nV0jssHw',
    'CkFYLgKAUgqBYBUCkH8CsFAKwWQf4u5IpwoSGcRfD2A==',
  ),
} as const;

function decode(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.join(''), 'base64');
}

const text = Buffer.from('Lazaret holds ships and crates. '.repeat(8));

export const tarEntries: readonly TarInput[] = [
  { path: 'etc', type: 'directory', mode: 0o755 },
  { path: 'etc/os-release', content: Buffer.from('ID=alpine\nVERSION_ID=3.20\n') },
  { path: 'usr/bin/tool', content: text, mode: 0o4755, uid: 70_000_000, mtimeMs: 1_234.5 },
  { path: 'usr/bin/link', type: 'symlink', linkPath: 'tool' },
  { path: 'usr/bin/hard', type: 'hardlink', linkPath: 'usr/bin/tool' },
  { path: `${'long-name/'.repeat(20)}end`, content: Buffer.from('x') },
  {
    path: 'usr/bin/capable',
    content: text,
    xattrs: new Map([['security.capability', Buffer.from('\x01\0\0\x02', 'latin1')]]),
  },
  { path: 'etc/.wh.gone' },
  { path: 'dev/null', type: 'character-device' },
];

export async function tarBytes(entries: Iterable<TarInput> = tarEntries): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(entries)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** Every block that looks like a header gets a valid checksum. */
export function sealHeaders(bytes: Buffer): Buffer {
  const sealed = Buffer.from(bytes);
  for (let at = 0; at + 512 <= sealed.length; at += 512) {
    const block = sealed.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) === 'ustar') sealHeader(block);
  }
  return sealed;
}

export function zipSamples(): Buffer[] {
  return [
    zipArchive([
      { path: 'a.txt', content: text },
      { path: 'b/', method: 0 },
    ]),
    zipArchive([{ path: 'a', content: text, method: 0, mode: 0o100755 }], { prefix: text }),
    zipArchive([
      { path: 'a', content: text, sizesFollow: true },
      { path: 'z', method: 93 },
    ]),
    zipArchive([{ path: 'a', content: text, zip64: true }], { zip64: true }),
    zipArchive([{ path: Buffer.from([0xff, 0x41]), content: 'x' }], { comment: text }),
    zipArchive([
      { path: 'a', isUnlisted: true, content: text },
      { path: 'a', flags: 1 },
    ]),
  ];
}

const files = [
  { path: 'debian-binary', content: Buffer.from('2.0\n') },
  { path: 'a-rather-long-name-of-a-member', content: text },
];

export function arSample(): Buffer {
  return arArchive(files);
}

export function cpioSample(): Buffer {
  return cpioArchive(files);
}

/** An rpm package: lead, signature header, header, compressed cpio archive. */
export function rpmSample(): Buffer {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  const magic = Buffer.from('8eade80100000000', 'hex');
  const signature = Buffer.concat([magic, headerOf([[1000, 6, ['x']]])]);
  const filled = Buffer.concat([signature, Buffer.alloc((8 - (signature.length % 8)) % 8)]);
  const header = rpmHeader({ name: 'tool', version: '1', release: '2' });
  return Buffer.concat([lead, filled, magic, header, gzipSync(cpioSample())]);
}

/** One of each supported container, and some nested ones. */
export async function nestedSamples(): Promise<Map<string, Buffer>> {
  const tar = await tarBytes();
  return new Map([
    ['xz', packed.xz],
    ['lzma', packed.lzma],
    ['bzip2', packed.bzip2],
    ['ar', arSample()],
    ['cpio', cpioSample()],
    ['old-cpio', binaryCpio],
    ['base64', Buffer.from(`x='${gzipSync(cpioSample()).toString('base64')}'\n`)],
    ['7z', Buffer.concat([Buffer.from('#!/bin/sh\n'), sevenZip])],
    ['rpm', rpmSample()],
    ['zip', zipArchive([{ path: 'inner.tar.gz', content: gzipSync(tar) }, { path: 'b.jar' }])],
    ['gzip', Buffer.concat([gzipSync(text), gzipSync(tar)])],
    ['zstd', Buffer.concat([zstdCompressSync(text), zstdCompressSync(tar)])],
    ['tar', tar],
  ]);
}
