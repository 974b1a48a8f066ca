/** The source of the content of a file: a result of a job, or a member of an archive. */
import { type JobArtifact, operations } from '@lazaret/protocol';

import { client } from '../client.ts';
import { readPrefix } from '../read-prefix.ts';

export interface ContentSource {
  /** Unique for the content and its URL. */
  readonly key: string;
  /** Its path in the result or in the archive; untrusted. */
  readonly path: string;
  readonly sizeBytes: number | null;
  /** Undefined if the page has its own download. */
  readonly downloadUrl: string | undefined;
  /** The archive that lists its members, if it is one. */
  readonly archive: ArchiveAddress;
  /** The first bytes; fewer when the content is shorter. */
  readonly readStart: (maxBytes: number, signal: AbortSignal) => Promise<ContentStart>;
}

export interface ContentStart {
  readonly bytes: Uint8Array;
  readonly isTruncated: boolean;
}

/** An artifact, and the positions of archives inside it. */
export interface ArchiveAddress {
  readonly sha256: string;
  readonly inside: readonly string[];
}

/** A result file of an engine. */
export function jobArtifactSource(job: string, artifact: JobArtifact): ContentSource {
  const call = { params: { id: job }, query: { path: artifact.path, preview: true } };
  return {
    key: `job ${job} ${artifact.path} ${artifact.sha256}`,
    path: artifact.path,
    sizeBytes: artifact.sizeBytes,
    downloadUrl: undefined,
    archive: { sha256: artifact.sha256, inside: [] },
    readStart: async (maxBytes, signal) => {
      const options = { signal, headers: rangeOf(maxBytes, artifact.sizeBytes) };
      const response = await client.open(operations.jobs.result, call, options);
      const start = await readPrefix(response, maxBytes);
      return { ...start, isTruncated: start.bytes.length < artifact.sizeBytes };
    },
  };
}

/** The audit log records the requested range, so only the range to be read is requested. */
function rangeOf(maxBytes: number, sizeBytes: number | null): Readonly<Record<string, string>> {
  if (sizeBytes === null || sizeBytes <= maxBytes) return {};
  return { range: `bytes=0-${maxBytes - 1}` };
}

interface Member {
  readonly path: string;
  readonly position: number;
  readonly sizeBytes: number | null;
}

/** A member of an archive, read on the server. */
export function memberSource(archive: ArchiveAddress, member: Member): ContentSource {
  const { sha256, inside } = archive;
  const params = { sha256, position: String(member.position) };
  const within = inside.length === 0 ? {} : { inside: [...inside] };
  return {
    key: `member ${sha256} ${[...inside, member.position].join('.')}`,
    path: member.path,
    sizeBytes: member.sizeBytes,
    downloadUrl: client.url(operations.artifacts.member, { params, query: within }),
    archive: { sha256, inside: [...inside, String(member.position)] },
    readStart: async (maxBytes, signal) => {
      const call = { params, query: { ...within, preview: true } };
      const options = { signal, headers: rangeOf(maxBytes, member.sizeBytes) };
      const response = await client.open(operations.artifacts.member, call, options);
      const start = await readPrefix(response, maxBytes);
      const isWhole = member.sizeBytes !== null && member.sizeBytes <= start.bytes.length;
      return { ...start, isTruncated: !isWhole };
    },
  };
}
