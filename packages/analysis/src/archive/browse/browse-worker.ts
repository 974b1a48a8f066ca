/**
 * The thread that reads archives for a server: one request at a time. It caches the last
 * archives and their listings, so that opening a tree level by level reads the archive once.
 */
import { parentPort } from 'node:worker_threads';

import { ArchiveError } from './archive-error.ts';
import type { ArchiveErrorCode } from './archive-error.ts';
import type { ArchiveListing } from './archive-listing.ts';
import { listMembers } from './list-members.ts';
import { pageMembers } from './page-members.ts';
import type { MemberPage, PageRequest } from './page-members.ts';
import { readMember } from './read-member.ts';

export interface BrowseRequest {
  /** Identifies the bytes, such as their SHA-256. */
  readonly key: string;
  /** Positions of the nested archives on the path to the requested one. */
  readonly inside: readonly number[];
  readonly ask:
    | { readonly type: 'page'; readonly request: PageRequest }
    | { readonly type: 'member'; readonly position: number };
  /** The archive; absent if the thread may still have it cached. */
  readonly bytes?: Uint8Array;
}

export interface ArchiveSummary {
  readonly format: string;
  readonly members: number;
  readonly totalBytes: number;
  readonly gaps: readonly string[];
  readonly notes: readonly string[];
}

export interface MemberContent {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type BrowseAnswer =
  | { readonly type: 'bytes-needed' }
  | { readonly type: 'page'; readonly archive: ArchiveSummary; readonly page: MemberPage }
  | { readonly type: 'member'; readonly member: MemberContent }
  | { readonly type: 'failure'; readonly code: ArchiveErrorCode; readonly message: string };

/** Bytes of archives that are cached. */
const rememberedBytes = 256 * 1024 * 1024;

interface OpenArchive {
  readonly bytes: Buffer;
  listing?: ArchiveListing;
}

/** In the order of use, the latest last. */
const remembered = new Map<string, OpenArchive>();

const port = parentPort;
if (port === null) throw new Error('browse-worker.ts runs as a worker thread only');
port.on('message', (request: BrowseRequest) => {
  void answer(request).then((result) => port.postMessage(result, transferOf(result)));
});

async function answer(request: BrowseRequest): Promise<BrowseAnswer> {
  try {
    const archive = await find(request);
    if (archive === undefined) return { type: 'bytes-needed' };
    const listing = (archive.listing ??= await listMembers(archive.bytes));
    const { ask } = request;
    if (ask.type === 'page') {
      const page = pageMembers(listing, ask.request);
      return { type: 'page', archive: summarize(listing), page };
    }
    const content = await readMember(archive.bytes, ask.position);
    const path = listing.members[ask.position]?.path ?? '';
    // A separate copy: views would transfer the whole archive.
    return { type: 'member', member: { path, bytes: new Uint8Array(content) } };
  } catch (error) {
    if (error instanceof ArchiveError) {
      return { type: 'failure', code: error.code, message: error.message };
    }
    throw error;
  }
}

async function find(request: BrowseRequest): Promise<OpenArchive | undefined> {
  const outer = open(request.key, () => request.bytes);
  let archive = outer;
  let key = request.key;
  for (const position of request.inside) {
    if (archive === undefined) return undefined;
    key = `${key}/${position}`;
    const parent = archive;
    const known = remembered.get(key);
    archive = known ?? remember(key, await readMember(parent.bytes, position));
  }
  return archive;
}

function open(key: string, bytes: () => Uint8Array | undefined): OpenArchive | undefined {
  const known = remembered.get(key);
  if (known !== undefined) {
    remembered.delete(key);
    remembered.set(key, known);
    return known;
  }
  const given = bytes();
  if (given === undefined) return undefined;
  return remember(key, Buffer.from(given.buffer, given.byteOffset, given.byteLength));
}

function remember(key: string, bytes: Buffer): OpenArchive {
  const archive: OpenArchive = { bytes };
  remembered.set(key, archive);
  let held = 0;
  for (const one of remembered.values()) held += one.bytes.length;
  for (const [oldest, one] of remembered) {
    if (held <= rememberedBytes || oldest === key) break;
    remembered.delete(oldest);
    held -= one.bytes.length;
  }
  return archive;
}

function summarize(listing: ArchiveListing): ArchiveSummary {
  return {
    format: listing.format,
    members: listing.members.length,
    totalBytes: listing.members.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
    gaps: listing.gaps,
    notes: listing.notes,
  };
}

function transferOf(result: BrowseAnswer): ArrayBuffer[] {
  return result.type === 'member' ? [result.member.bytes.buffer as ArrayBuffer] : [];
}
