/** Archives among the artifacts: listing their members, and reading one of them. */
import { Readable } from 'node:stream';

import { ArchiveError, type ArchiveBrowser, type ArchiveSource } from '@lazaret/analysis';
import {
  limits,
  Problem,
  type ArchivePage,
  type Artifact,
  type OperationInput,
  type operations,
  type ProblemCode,
} from '@lazaret/protocol';

import type { BlobStore } from '../blobs/index.ts';
import type { Download } from '../floor/http/index.ts';

export interface ArchiveParts {
  readonly blobs: BlobStore;
  readonly archives: ArchiveBrowser;
}

type Members = (typeof operations.artifacts)['members'];

/** One page of the members of an artifact. */
export async function listArchive(
  parts: ArchiveParts,
  artifact: Artifact,
  query: OperationInput<Members>['query'],
): Promise<ArchivePage> {
  const source = openSource(parts, artifact, query.inside);
  const { archive, page } = await explain(artifact, () =>
    parts.archives.page(source, {
      directory: query.directory.split('/').filter(Boolean).join('/'),
      recursive: query.recursive,
      text: query.text,
      offset: Number(query.cursor ?? 0),
      limit: query.limit,
    }),
  );
  return {
    items: [...page.items],
    next: page.next === null ? null : String(page.next),
    matched: page.matched,
    archive: { ...archive, gaps: [...archive.gaps], notes: [...archive.notes] },
  };
}

interface MemberAsk {
  readonly position: number;
  readonly inside?: readonly string[] | undefined;
  /** Only the first bytes. */
  readonly preview: boolean;
}

/** The content of one member, as an attachment under the last part of its path. */
export async function openMember(
  parts: ArchiveParts,
  artifact: Artifact,
  ask: MemberAsk,
): Promise<Download & { readonly path: string }> {
  const source = openSource(parts, artifact, ask.inside);
  const { path, bytes } = await explain(artifact, () =>
    parts.archives.member(source, ask.position),
  );
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shown = ask.preview ? content.subarray(0, limits.previewBytes) : content;
  return {
    path,
    name: memberName(path, ask.position),
    sizeBytes: shown.length,
    etag: [artifact.sha256, ...source.inside, ask.position, ...(ask.preview ? ['p'] : [])].join(
      '-',
    ),
    open: (range) =>
      Readable.from([range === undefined ? shown : shown.subarray(range.start, range.end + 1)]),
  };
}

/** A path of an archive is untrusted: only its last part is used as the file name. */
function memberName(path: string, position: number): string {
  const last = path.split(/[/\\]/).at(-1) ?? '';
  const clean = last.replaceAll(/\p{Cc}/gu, '\u{fffd}').toWellFormed();
  return clean === '' || clean === '.' || clean === '..' ? `member-${position}` : clean;
}

function openSource(
  parts: ArchiveParts,
  artifact: Artifact,
  inside: readonly string[] | undefined,
): ArchiveSource {
  if (artifact.sizeBytes > limits.archiveBytes) {
    throw new Problem(
      'archive_unreadable',
      `the archive has ${artifact.sizeBytes} bytes (limit ${limits.archiveBytes})`,
    );
  }
  if (inside !== undefined && inside.length > limits.archiveDepth) {
    throw new Problem(
      'archive_unreadable',
      `archives inside archives are opened to a depth of ${limits.archiveDepth}`,
    );
  }
  return {
    key: artifact.sha256,
    inside: (inside ?? []).map(Number),
    open: async () => Buffer.concat(await Array.fromAsync(await parts.blobs.open(artifact.sha256))),
  };
}

const codes: Readonly<Record<ArchiveError['code'], ProblemCode>> = {
  not_archive: 'not_an_archive',
  unsupported: 'not_an_archive',
  damaged: 'archive_unreadable',
  encrypted: 'archive_unreadable',
  limit: 'archive_unreadable',
  timed_out: 'archive_unreadable',
  crashed: 'archive_unreadable',
  no_member: 'not_found',
  busy: 'too_many_requests',
};

async function explain<T>(artifact: Artifact, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const headers = error.code === 'busy' ? { headers: { 'retry-after': '2' } } : {};
    throw new Problem(codes[error.code], `${artifact.sha256}: ${error.message}`, headers);
  }
}
