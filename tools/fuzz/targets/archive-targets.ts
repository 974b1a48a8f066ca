/** Archives, compressed streams and nested files. */
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { CompressionError, decompress } from '../../../packages/analysis/src/archive/decompress.ts';
import { readAr } from '../../../packages/analysis/src/archive/ar.ts';
import { decodeBzip2 } from '../../../packages/analysis/src/archive/bzip2.ts';
import { readCpio } from '../../../packages/analysis/src/archive/cpio.ts';
import { DecodeError } from '../../../packages/analysis/src/archive/decode-error.ts';
import { archiveLimits } from '../../../packages/analysis/src/archive/limits.ts';
import { NestedBudget } from '../../../packages/analysis/src/archive/nested-budget.ts';
import { openNested } from '../../../packages/analysis/src/archive/nested.ts';
import {
  formatPax,
  parsePax,
  paxNumber,
  paxSparse,
  paxValue,
  paxXattrs,
} from '../../../packages/analysis/src/archive/pax.ts';
import { readTar } from '../../../packages/analysis/src/archive/read-tar.ts';
import { findRpmPayload } from '../../../packages/analysis/src/archive/rpm-payload.ts';
import { TarError } from '../../../packages/analysis/src/archive/tar-entry.ts';
import type { TarOptions } from '../../../packages/analysis/src/archive/tar-entry.ts';
import { decodeLzma, decodeXz } from '../../../packages/analysis/src/archive/xz.ts';
import { ZipError } from '../../../packages/analysis/src/archive/zip-entry.ts';
import { readMember, readZip } from '../../../packages/analysis/src/archive/zip.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import * as samples from './sample-bytes.ts';

const KiB = 1024;
const tarBounds = {
  entries: 200,
  totalBytes: 512 * KiB,
  entryBytes: 128 * KiB,
  pathBytes: 4 * KiB,
  paxBytes: 16 * KiB,
} as const;

async function* pieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function walkTar(bytes: Buffer, options: TarOptions): Promise<void> {
  let entries = 0;
  let total = 0;
  for await (const entry of readTar(pieces(bytes, 1_000), options)) {
    entries += 1;
    const { path, linkPath, sizeBytes, mtimeMs, uid, gid, content } = entry;
    promise(Buffer.byteLength(path) <= options.pathBytes, 'a path beyond the limit');
    promise(Buffer.byteLength(linkPath) <= options.pathBytes, 'a link beyond the limit');
    promise(sizeBytes <= options.entryBytes && sizeBytes >= 0, 'a size beyond the limit');
    promise([mtimeMs, uid, gid].every(Number.isFinite), 'not a finite number');
    let read = 0;
    // Every third member is skipped.
    if (entries % 3 > 0) {
      for await (const piece of content) read += piece.length;
      promise(read === sizeBytes, `${read} bytes of ${sizeBytes}`);
    }
    total += sizeBytes;
  }
  promise(entries <= options.entries, 'more members than allowed');
  promise(total <= Math.min(bytes.length, options.totalBytes), 'more bytes than there are');
}

const zipBounds = { entries: 200, ratio: 100, ratioFreeBytes: 64 * KiB, notes: 20 } as const;
const memberBytes = 256 * KiB;

function walkZip(bytes: Buffer): void {
  const archive = readZip(bytes, zipBounds);
  promise(archive.members.length <= zipBounds.entries, 'more members than allowed');
  promise(archive.notes.length <= zipBounds.notes + 1, 'more notes than allowed');
  for (const member of archive.members) {
    try {
      const { length } = readMember(archive, member, memberBytes);
      promise(length <= memberBytes, 'a member larger than allowed');
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
    }
  }
}

const nestedLimits = {
  totalBytes: 32 * KiB * KiB,
  fileBytes: 8 * KiB * KiB,
  heldBytes: 32 * KiB * KiB,
  ratioFreeBytes: KiB * KiB,
  entries: 1_000,
} as const;

async function walkNested(bytes: Buffer): Promise<void> {
  const budget = new NestedBudget({ now: () => 0, limits: nestedLimits });
  let members = 0;
  let gaps = 0;
  for await (const step of openNested({ path: 'file', bytes }, budget)) {
    promise(step.path.length <= archiveLimits.nestedNameChars * 4, 'a path beyond the limit');
    if (step.type === 'gap') {
      gaps += 1;
      promise(step.detail.length < 10_000, 'a reason of great length');
      promise(step.reason !== 'failed', `an unexpected error: ${step.detail}`);
    } else {
      members += 1;
      promise(step.bytes.length <= nestedLimits.fileBytes, 'a member larger than allowed');
    }
  }
  promise(members <= nestedLimits.entries, 'more members than allowed');
  promise(gaps <= nestedLimits.entries * 2 + archiveLimits.nestedNotes, 'more gaps than members');
}

function drain(chunks: Iterable<Buffer>): void {
  let total = 0;
  for (const { length } of chunks) {
    total += length;
    if (total > 16 * KiB * KiB) return;
  }
}

const inflateBounds = { totalBytes: 4 * KiB * KiB, ratio: 1_000, freeBytes: 256 * KiB } as const;

/** Both implementations, if available: they must agree on validity and on the bytes. */
async function inflate(bytes: Buffer): Promise<void> {
  const slow = await inflated(bytes, false);
  const fast = await inflated(bytes, true);
  promise(slow.plain.length <= inflateBounds.totalBytes, 'more bytes than allowed');
  promise(fast.plain.length <= inflateBounds.totalBytes, 'more bytes than allowed');
  if (isLimit(slow.fault) || isLimit(fast.fault)) return;
  promise(
    (slow.fault === undefined) === (fast.fault === undefined),
    'valid in one implementation only',
  );
  // For a truncated stream one may return a symbol more than the other.
  const all = slow.fault === undefined ? Infinity : Math.min(slow.plain.length, fast.plain.length);
  promise(slow.plain.subarray(0, all).equals(fast.plain.subarray(0, all)), 'other bytes');
}

interface Inflated {
  readonly plain: Buffer;
  readonly fault: CompressionError | undefined;
}

async function inflated(bytes: Buffer, useNative: boolean): Promise<Inflated> {
  const given: Buffer[] = [];
  let fault: CompressionError | undefined;
  try {
    const { plain } = await decompress(pieces(bytes, 4_000), inflateBounds, { useNative });
    for await (const chunk of plain) given.push(Buffer.from(chunk));
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    fault = error;
  }
  return { plain: Buffer.concat(given), fault };
}

function isLimit(fault: CompressionError | undefined): boolean {
  return fault?.code === 'ratio' || fault?.code === 'too_large';
}

function walkPax(bytes: Buffer): void {
  const records = parsePax(bytes, 0);
  for (const key of ['size', 'mtime', 'uid']) {
    const value = paxValue(key, records, records);
    if (value !== undefined)
      promise(Number.isFinite(paxNumber(value, 0)), `${key} is not a number`);
  }
  paxXattrs(records);
  paxSparse(records);
}

const nestedTargets = (
  [
    'xz',
    'lzma',
    'bzip2',
    'ar',
    'cpio',
    'old-cpio',
    'rpm',
    'zip',
    'gzip',
    'tar',
    'base64',
    '7z',
  ] as const
).map((format): FuzzTarget => ({
  name: `nested:${format}`,
  files: ['archive/'],
  async seeds() {
    const all = await samples.nestedSamples();
    return [all.get(format) ?? Buffer.alloc(0), ...all.values()];
  },
  run: walkNested,
  weight: 2,
}));

export const archiveTargets: readonly FuzzTarget[] = [
  {
    name: 'tar',
    files: ['archive/read-tar', 'archive/tar-', 'archive/pax', 'archive/byte-source'],
    seeds: async () => [await samples.tarBytes()],
    run: (bytes) => walkTar(bytes, tarBounds),
    repair: samples.sealHeaders,
    errors: [TarError],
    weight: 4,
  },
  {
    name: 'tar:docker',
    files: ['archive/read-tar', 'archive/tar-', 'archive/pax', 'archive/byte-source'],
    seeds: async () => [await samples.tarBytes()],
    run: (bytes) => walkTar(bytes, { ...tarBounds, dialect: 'docker' }),
    repair: samples.sealHeaders,
    errors: [TarError],
    weight: 2,
  },
  {
    name: 'pax',
    files: ['archive/pax'],
    seeds: () => [
      formatPax(
        new Map([
          ['path', 'a/b'],
          ['size', '12'],
          ['mtime', '1.5'],
          ['uid', '7'],
        ]),
      ),
      formatPax(
        new Map([
          ['SCHILY.xattr.user.a', 'b'],
          ['GNU.sparse.major', '1'],
        ]),
      ),
    ],
    run: walkPax,
    errors: [TarError],
  },
  {
    name: 'decompress',
    files: ['archive/decompress', 'archive/native-inflate'],
    seeds: async () => {
      const tar = await samples.tarBytes();
      const skippable = Buffer.from('502a4d180400000078787878', 'hex');
      return [
        Buffer.concat([gzipSync(tar), gzipSync(tar)]),
        Buffer.concat([zstdCompressSync(tar), skippable, zstdCompressSync(tar)]),
        tar,
      ];
    },
    run: inflate,
    weight: 4,
  },
  {
    name: 'zip',
    files: ['archive/zip'],
    seeds: samples.zipSamples,
    run: walkZip,
    errors: [ZipError],
    weight: 4,
  },
  {
    name: 'xz',
    files: ['archive/xz', 'archive/lzma'],
    seeds: () => [samples.packed.xz, Buffer.concat([samples.packed.xz, samples.packed.xz])],
    run: (bytes) => drain(decodeXz(bytes, KiB * KiB * 16)),
    errors: [DecodeError],
    weight: 3,
  },
  {
    name: 'lzma',
    files: ['archive/xz', 'archive/lzma'],
    seeds: () => [samples.packed.lzma],
    run: (bytes) => drain(decodeLzma(bytes, KiB * KiB * 16)),
    errors: [DecodeError],
    weight: 3,
  },
  {
    name: 'bzip2',
    files: ['archive/bzip2'],
    seeds: () => [
      samples.packed.bzip2,
      Buffer.concat([samples.packed.bzip2, samples.packed.bzip2]),
    ],
    run: (bytes) => drain(decodeBzip2(bytes)),
    errors: [DecodeError],
    weight: 3,
  },
  {
    name: 'ar',
    files: ['archive/ar'],
    seeds: () => [samples.arSample()],
    run: (bytes) => drain([...readAr(bytes)].map((member) => member.bytes)),
    errors: [DecodeError],
  },
  {
    name: 'cpio',
    files: ['archive/cpio'],
    seeds: () => [samples.cpioSample()],
    run: (bytes) => drain([...readCpio(bytes)].map((member) => member.bytes)),
    errors: [DecodeError],
  },
  {
    name: 'rpm-payload',
    files: ['archive/rpm-payload'],
    seeds: () => [samples.rpmSample()],
    run: (bytes) => void findRpmPayload(bytes),
    errors: [DecodeError],
  },
  ...nestedTargets,
];
