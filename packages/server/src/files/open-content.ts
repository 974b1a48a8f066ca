/** The bytes of a content: from the blob store when a project has them, otherwise from an image. */
import { Problem, type Artifact } from '@lazaret/protocol';
import { Readable } from 'node:stream';
import type { Kysely } from 'kysely';

import { listArtifacts } from '../artifacts/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { forbidden, projectsWith, type Principal } from '../floor/principal.ts';
import { findReadablePlaces, type FileReader, type ReadContent } from '../inspection/index.ts';
import { lastComponent } from './describe-file.ts';

export interface ContentParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly reader: FileReader;
}

export interface ContentQuery {
  readonly sha256: string;
  readonly project?: string | undefined;
  /** Digest of the image to read it from. */
  readonly image?: string | undefined;
}

export interface OpenContent {
  readonly source: 'artifact' | 'image';
  readonly sizeBytes: number;
  /** The project through which it may be read. */
  readonly project: string;
  readonly name: string;
  /** Set when it came from an image. */
  readonly read?: ReadContent;
  open(range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  close(): void;
}

/**
 * Finds and opens a content within the projects in which the principal may read files. Throws
 * not_found, forbidden, and errors of reading an image.
 */
export async function openContent(
  parts: ContentParts,
  query: ContentQuery,
  who: { readonly principal: Principal; readonly signal: AbortSignal },
): Promise<OpenContent> {
  const { database, reader } = parts;
  const { sha256, project, image } = query;
  const { principal, signal } = who;
  const bounds = { scope: projectsWith(principal, 'files.read'), project };
  // With an image the content is read from that image or not found.
  const [artifact] = image === undefined ? await listArtifacts(database, bounds, sha256) : [];
  if (artifact !== undefined) return openArtifact(parts.blobs, artifact);
  const places = await findReadablePlaces(database, bounds, { sha256, image });
  if (places.length === 0) throw await whyNotFound(parts, query, principal);
  const read = await reader.read(places, signal);
  return {
    ...{ source: 'image', sizeBytes: read.sizeBytes, project: read.place.project, read },
    name: lastComponent(read.place.path),
    open: (range) => Promise.resolve(emptyOr(read.sizeBytes, () => read.open(range))),
    close: () => read.close(),
  };
}

function openArtifact(blobs: BlobStore, artifact: Artifact): OpenContent {
  const { sha256, sizeBytes, project, name } = artifact;
  return {
    ...{ source: 'artifact', sizeBytes, project, name },
    open: async (range) =>
      range === undefined || sizeBytes > 0 ? blobs.open(sha256, range) : Readable.from([]),
    close: () => undefined,
  };
}

/** An empty range is not a range. */
function emptyOr(sizeBytes: number, open: () => Readable): Readable {
  return sizeBytes === 0 ? Readable.from([]) : open();
}

/** A content that can be seen but not read is forbidden; one that is not visible does not exist. */
async function whyNotFound(
  { database }: ContentParts,
  { sha256, project, image }: ContentQuery,
  principal: Principal,
): Promise<Problem> {
  const images = { scope: projectsWith(principal, 'images.read'), project };
  const jobs = { scope: projectsWith(principal, 'jobs.read'), project };
  const [[place], [artifact]] = await Promise.all([
    findReadablePlaces(database, images, { sha256, image }),
    image === undefined ? listArtifacts(database, jobs, sha256) : [],
  ]);
  const visible = place?.project ?? artifact?.project;
  if (visible !== undefined) return forbidden(principal, 'files.read', visible);
  const where = image === undefined ? 'here' : `in the image ${image}`;
  return new Problem('not_found', `no file ${sha256} is known ${where}`);
}
