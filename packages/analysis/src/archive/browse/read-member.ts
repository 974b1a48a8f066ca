/** The content of one member of an archive, by its position in the listing. */

import type { StreamFormat } from '../container-format.ts';
import { archiveLimits } from '../limits.ts';
import { readTar } from '../read-tar.ts';
import { readMember as readZipMember, readZip } from '../zip.ts';
import { ArchiveError } from './archive-error.ts';
import { browseLimits, openContent, requireFormat, streamSuffix } from './archive-listing.ts';
import type { BrowseLimits } from './archive-listing.ts';
import { plainMembers, tarOptions, unreadable } from './list-members.ts';

/**
 * The whole content. Throws ArchiveError: `no_member` when the archive has none at this position,
 * `limit` when it is larger than `bounds.fileBytes` or compressed beyond the ratio.
 */
export async function readMember(
  bytes: Buffer,
  position: number,
  bounds: BrowseLimits = browseLimits,
): Promise<Buffer> {
  const format = requireFormat(bytes);
  try {
    if (format === 'zip') return readFromZip(bytes, position, bounds);
    if (format === 'tar') return await readFromTar(oneChunk(bytes), position, bounds);
    if (streamSuffix(format) !== undefined) {
      const { isTar, chunks } = await openContent(bytes, format as StreamFormat, bounds);
      if (isTar) return await readFromTar(chunks, position, bounds);
      if (position !== 0) throw noMember(position, 1);
      return await collect(chunks, bounds);
    }
    let count = 0;
    for (const member of plainMembers(bytes, format)) {
      if (count === position) return checkSize(member.bytes, bounds);
      count += 1;
    }
    throw noMember(position, count);
  } catch (error) {
    throw unreadable(error);
  }
}

function readFromZip(bytes: Buffer, position: number, bounds: BrowseLimits): Buffer {
  const { entries, ratio, ratioFreeBytes, fileBytes } = bounds;
  const archive = readZip(bytes, {
    entries,
    ratio,
    ratioFreeBytes,
    notes: archiveLimits.nestedNotes,
  });
  const member = archive.members[position];
  if (member === undefined) throw noMember(position, archive.members.length);
  if (member.isDirectory && member.sizeBytes === 0) throw notFile(position, 'directory');
  return readZipMember(archive, member, fileBytes);
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

async function readFromTar(
  chunks: AsyncIterable<Uint8Array>,
  position: number,
  bounds: BrowseLimits,
): Promise<Buffer> {
  let count = 0;
  for await (const entry of readTar(chunks, tarOptions(bounds))) {
    if (count === position) {
      if (entry.type !== 'file' && entry.type !== 'unknown') throw notFile(position, entry.type);
      if (entry.sizeBytes > bounds.fileBytes) throw tooLarge(entry.sizeBytes, bounds);
      return await collect(entry.content, bounds);
    }
    count += 1;
  }
  throw noMember(position, count);
}

async function collect(chunks: AsyncIterable<Uint8Array>, bounds: BrowseLimits): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > bounds.fileBytes) throw tooLarge(undefined, bounds);
    // A copy: a tar reader gives views into chunks that it uses again.
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts, sizeBytes);
}

function checkSize(content: Buffer, bounds: BrowseLimits): Buffer {
  if (content.length > bounds.fileBytes) throw tooLarge(content.length, bounds);
  return content;
}

function tooLarge(sizeBytes: number | undefined, { fileBytes }: BrowseLimits): ArchiveError {
  const size = sizeBytes === undefined ? `more than ${fileBytes}` : `${sizeBytes}`;
  return new ArchiveError('limit', `the member has ${size} bytes (limit ${fileBytes})`);
}

function noMember(position: number, count: number): ArchiveError {
  const has = count === 1 ? '1 member' : `${count} members`;
  return new ArchiveError('no_member', `no member ${position}: the archive has ${has}`);
}

function notFile(position: number, type: string): ArchiveError {
  return new ArchiveError('no_member', `member ${position} is a ${type} and has no content`);
}
