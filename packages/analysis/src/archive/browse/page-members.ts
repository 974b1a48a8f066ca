/**
 * One page of an archive's members: the children of a directory, or all members whose path contains
 * a text. Directories are found by scanning the paths, so that an archive of very deep paths costs
 * no more than its own size.
 */
import type { ArchiveItem } from '@lazaret/protocol';

import type { ArchiveListing, ArchiveMember } from './archive-listing.ts';

export interface PageRequest {
  /** Path of a directory without slashes around it; the root is empty. */
  readonly directory: string;
  /** All files below the directory instead of its children. */
  readonly recursive: boolean;
  /** Only paths that contain it, in any case; lists files below the directory. */
  readonly text: string;
  /** Items of the pages before. */
  readonly offset: number;
  readonly limit: number;
}

export interface MemberPage {
  readonly items: readonly ArchiveItem[];
  /** Items in all. */
  readonly matched: number;
  /** Offset of the next page, or null at the end. */
  readonly next: number | null;
}

/** Pure: the same listing and request give the same page. */
export function pageMembers(listing: ArchiveListing, request: PageRequest): MemberPage {
  const flat = request.recursive || request.text !== '';
  const all = flat ? listBelow(listing, request) : listChildren(listing, request.directory);
  const end = request.offset + request.limit;
  return {
    items: all.slice(request.offset, end),
    matched: all.length,
    next: end < all.length ? end : null,
  };
}

/** The path as a tree shows it: without empty and `.` segments; `..` stays visible. */
export function treePath(path: string): string {
  return path
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

function listBelow(listing: ArchiveListing, request: PageRequest): ArchiveItem[] {
  const wanted = request.text.toLowerCase();
  const prefix = request.directory === '' ? '' : `${request.directory}/`;
  return listing.members
    .filter(
      ({ path, type }) =>
        type !== 'directory' &&
        treePath(path).startsWith(prefix) &&
        path.toLowerCase().includes(wanted),
    )
    .map((member) => toItem(member, member.path));
}

interface Directory {
  files: number;
  bytes: number;
  /** Its own entry, where the archive has one. */
  entry?: ArchiveMember;
}

function listChildren(listing: ArchiveListing, directory: string): ArchiveItem[] {
  const prefix = directory === '' ? '' : `${directory}/`;
  const directories = new Map<string, Directory>();
  const files: ArchiveItem[] = [];
  for (const member of listing.members) {
    const path = treePath(member.path);
    if (!path.startsWith(prefix) || (path === '' && member.type === 'directory')) continue;
    const rest = path.slice(prefix.length);
    const slash = rest.indexOf('/');
    if (slash < 0 && member.type !== 'directory') {
      files.push(toItem(member, rest));
      continue;
    }
    const name = slash < 0 ? rest : rest.slice(0, slash);
    const found = directories.get(name) ?? { files: 0, bytes: 0 };
    directories.set(name, found);
    if (slash < 0) found.entry = member;
    countFile(found, member);
  }
  const folders = [...directories].map(([name, found]) => toDirectory(name, prefix, found));
  return [...folders.toSorted(byName), ...files.toSorted(byName)];
}

function countFile(directory: Directory, member: ArchiveMember): void {
  if (member.type === 'directory') return;
  directory.files += 1;
  directory.bytes += member.sizeBytes ?? 0;
}

function byName(a: ArchiveItem, b: ArchiveItem): number {
  if (a.name === b.name) return (a.position ?? 0) - (b.position ?? 0);
  return a.name < b.name ? -1 : 1;
}

function toDirectory(name: string, prefix: string, found: Directory): ArchiveItem {
  const { entry } = found;
  return {
    type: 'directory',
    name,
    path: `${prefix}${name}`,
    position: entry?.position ?? null,
    sizeBytes: found.bytes,
    packedBytes: null,
    files: found.files,
    modifiedAt: toTime(entry?.modifiedMs ?? null),
    mode: entry?.mode ?? null,
    linkTarget: null,
    warnings: [...(entry?.warnings ?? [])],
  };
}

function toItem(member: ArchiveMember, name: string): ArchiveItem {
  return {
    type: member.type,
    name,
    path: member.path,
    position: member.position,
    sizeBytes: member.sizeBytes,
    packedBytes: member.packedBytes,
    files: null,
    modifiedAt: toTime(member.modifiedMs),
    mode: member.mode,
    linkTarget: member.linkTarget,
    warnings: [...member.warnings],
  };
}

const latestMs = 8.64e15;

/** Times of an archive are untrusted: invalid dates are omitted. */
function toTime(ms: number | null): string | null {
  if (ms === null || !Number.isFinite(ms) || Math.abs(ms) > latestMs) return null;
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return year < 0 || year > 9_999 ? null : date.toISOString();
}
