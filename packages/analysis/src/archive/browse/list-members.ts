/**
 * Lists the members of one archive, without their content. Everything comes from an untrusted
 * file: paths are reported as they are and never used as paths of a file system. A damaged archive,
 * or one beyond a limit, is listed up to that point, and the listing says what is missing.
 */
import { limits } from '@lazaret/protocol';
import type { ArchiveMemberType, ArchiveMemberWarning } from '@lazaret/protocol';
import { ociLimits } from '@lazaret/oci';

import type { PlainMember } from '../ar.ts';
import { readAr } from '../ar.ts';
import type { OpenedFormat, StreamFormat } from '../container-format.ts';
import { readCpio } from '../cpio.ts';
import { describeFailure } from '../describe-failure.ts';
import { archiveLimits } from '../limits.ts';
import { readTar } from '../read-tar.ts';
import { findRpmPayload } from '../rpm-payload.ts';
import type { TarEntryType } from '../tar-entry.ts';
import type { ZipMember } from '../zip-entry.ts';
import { readZip } from '../zip.ts';
import { ArchiveError } from './archive-error.ts';
import { browseLimits, openContent, requireFormat, streamSuffix } from './archive-listing.ts';
import type { ArchiveListing, ArchiveMember, BrowseLimits } from './archive-listing.ts';

/**
 * The members of an archive in memory, in its order. Throws ArchiveError when the bytes are not an
 * archive, or one of which not even a part can be listed.
 */
export async function listMembers(
  bytes: Buffer,
  bounds: BrowseLimits = browseLimits,
): Promise<ArchiveListing> {
  const format = requireFormat(bytes);
  const suffix = streamSuffix(format);
  if (suffix !== undefined) {
    return listStream(bytes, { format: format as StreamFormat, suffix, bounds });
  }
  if (format === 'zip') return listZip(bytes, bounds);
  if (format === 'tar') return listTar(oneChunk(bytes), { format, bounds });
  return listPlain(bytes, format, bounds);
}

type Listed = Omit<ArchiveMember, 'position' | 'warnings'> & {
  readonly warnings?: readonly ArchiveMemberWarning[];
};

/** Numbers the members, and adds the anomalies of their paths. */
class Members {
  readonly list: ArchiveMember[] = [];
  readonly #paths = new Set<string>();

  add(member: Listed): void {
    const warnings = [...(member.warnings ?? []), ...pathWarnings(member.path)];
    if (this.#paths.has(member.path)) warnings.push('duplicate_path');
    this.#paths.add(member.path);
    this.list.push({ ...member, position: this.list.length, warnings });
  }
}

/** Whether extracting this path as it is written could leave the directory of the extraction. */
function pathWarnings(path: string): ArchiveMemberWarning[] {
  const isAbsolute = /^(?:[/\\]|[A-Za-z]:)/.test(path);
  const isParent = path.split(/[/\\]/).includes('..');
  return [
    ...(isAbsolute ? (['absolute_path'] as const) : []),
    ...(isParent ? (['parent_path'] as const) : []),
  ];
}

function listZip(bytes: Buffer, bounds: BrowseLimits): ArchiveListing {
  const { entries, ratio, ratioFreeBytes } = bounds;
  const members = new Members();
  try {
    const archive = readZip(bytes, {
      entries,
      ratio,
      ratioFreeBytes,
      notes: archiveLimits.nestedNotes,
    });
    for (const member of archive.members) members.add(describeZipMember(member));
    const gaps = archive.noteCodes.has('too_many_entries')
      ? [`more than ${entries} members; the rest is not listed`]
      : [];
    if (archive.noteCodes.has('damaged_directory')) gaps.push('the central directory is damaged');
    const notes = archive.notes
      .filter(({ code }) => code === 'count_differs' || code === 'header_differs')
      .map(({ detail, path }) => (path === undefined ? detail : `${path}: ${detail}`));
    if (archive.prefixBytes > 0) notes.push(`${archive.prefixBytes} bytes before the archive`);
    if (archive.trailingBytes > 0) notes.push(`${archive.trailingBytes} bytes after the archive`);
    return { format: 'zip', members: members.list, gaps, notes };
  } catch (error) {
    throw unreadable(error);
  }
}

function describeZipMember(member: ZipMember): Listed {
  const warnings: ArchiveMemberWarning[] = [];
  if (member.encrypted) warnings.push('encrypted');
  if (member.overlaps) warnings.push('overlapping_data');
  if (!member.isListed) warnings.push('not_in_directory');
  return {
    path: withoutSlashes(member.path),
    type: zipType(member),
    sizeBytes: member.sizeIsKnown ? member.sizeBytes : null,
    packedBytes: member.sizeIsKnown ? member.compressedBytes : null,
    modifiedMs: null,
    mode: member.mode === 0 ? null : member.mode,
    linkTarget: null,
    warnings,
  };
}

function zipType(member: ZipMember): ArchiveMemberType {
  if (member.isDirectory) return 'directory';
  return member.isSymlink ? 'symlink' : 'file';
}

function withoutSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

interface StreamOptions {
  readonly format: StreamFormat;
  readonly suffix: string;
  readonly bounds: BrowseLimits;
}

async function listStream(
  bytes: Buffer,
  { format, suffix, bounds }: StreamOptions,
): Promise<ArchiveListing> {
  const { isTar, chunks } = await openContent(bytes, format, bounds);
  if (isTar) return listTar(chunks, { format: `tar.${suffix}`, bounds });
  const gaps: string[] = [];
  let sizeBytes: number | null = 0;
  try {
    for await (const chunk of chunks) sizeBytes += chunk.length;
  } catch (error) {
    if (sizeBytes === 0) throw unreadable(error);
    gaps.push(describeFailure(error).detail);
    sizeBytes = null;
  }
  const members = new Members();
  members.add({ ...plainMember('content', sizeBytes), packedBytes: bytes.length });
  return { format: suffix, members: members.list, gaps, notes: [] };
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

async function listTar(
  chunks: AsyncIterable<Uint8Array>,
  { format, bounds }: { readonly format: string; readonly bounds: BrowseLimits },
): Promise<ArchiveListing> {
  const members = new Members();
  const gaps: string[] = [];
  try {
    for await (const entry of readTar(chunks, tarOptions(bounds))) {
      const isLink = entry.type === 'symlink' || entry.type === 'hardlink';
      members.add({
        path: entry.path,
        type: tarTypes[entry.type],
        sizeBytes: entry.sizeBytes,
        packedBytes: null,
        modifiedMs: entry.mtimeMs,
        mode: entry.mode,
        linkTarget: isLink ? entry.linkPath : null,
      });
    }
  } catch (error) {
    if (members.list.length === 0) throw unreadable(error);
    gaps.push(describeFailure(error).detail);
  }
  return { format, members: members.list, gaps, notes: [] };
}

/** How tar archives are read here: as Docker and containerd do it. */
export function tarOptions(bounds: BrowseLimits) {
  return {
    entries: bounds.entries,
    totalBytes: bounds.totalBytes,
    entryBytes: bounds.totalBytes,
    pathBytes: limits.pathBytes,
    paxBytes: ociLimits.tarHeaderBytesMax,
    dialect: 'docker',
  } as const;
}

const tarTypes: Readonly<Record<TarEntryType, ArchiveMemberType>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  hardlink: 'hardlink',
  'character-device': 'special',
  'block-device': 'special',
  fifo: 'special',
  unknown: 'file',
};

function listPlain(bytes: Buffer, format: OpenedFormat, bounds: BrowseLimits): ArchiveListing {
  const members = new Members();
  const gaps: string[] = [];
  try {
    for (const { path, bytes: content } of plainMembers(bytes, format)) {
      if (members.list.length >= bounds.entries) {
        gaps.push(`more than ${bounds.entries} members; the rest is not listed`);
        break;
      }
      members.add(plainMember(path, content.length));
    }
  } catch (error) {
    if (members.list.length === 0) throw unreadable(error);
    gaps.push(describeFailure(error).detail);
  }
  return { format, members: members.list, gaps, notes: [] };
}

/** The members of the formats that store content as it is. */
export function* plainMembers(bytes: Buffer, format: OpenedFormat): Generator<PlainMember> {
  if (format === 'ar') yield* readAr(bytes);
  else if (format === 'cpio') yield* readCpio(bytes);
  else yield { path: 'payload', bytes: findRpmPayload(bytes) };
}

function plainMember(path: string, sizeBytes: number | null): Listed {
  return {
    path,
    type: 'file',
    sizeBytes,
    packedBytes: null,
    modifiedMs: null,
    mode: null,
    linkTarget: null,
  };
}

/** The failure of a reader as the reason why the archive cannot be shown. */
export function unreadable(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const { reason, detail } = describeFailure(error);
  if (reason === 'encrypted') return new ArchiveError('encrypted', detail);
  if (reason === 'unsupported' || reason === 'missing_part') {
    return new ArchiveError('unsupported', detail);
  }
  const isLimit = ['too_large', 'too_many', 'ratio', 'timed_out', 'too_deep'].includes(reason);
  return new ArchiveError(isLimit ? 'limit' : 'damaged', detail);
}
