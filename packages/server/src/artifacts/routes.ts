/** HTTP of artifacts. */
import { ArchiveBrowser } from '@lazaret/analysis';
import { limits, operations, type Artifact } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { route, type CallContext, type Download, type Route } from '../floor/http/index.ts';
import { chooseProject, projectsWith } from '../floor/principal.ts';
import { listArchive, openMember } from './browse-archive.ts';
import { storeUpload } from './store-upload.ts';
import { findArtifact } from './store.ts';

export interface ArtifactParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  /** Called after events were written. */
  readonly onEvents: () => void;
}

export function artifactRoutes(
  parts: ArtifactParts,
  archives: ArchiveBrowser = new ArchiveBrowser(),
): Route[] {
  const { database } = parts;
  const { artifacts } = operations;
  return [
    route(artifacts.upload, async ({ query }, context) =>
      storeUpload(await context.upload(), {
        database,
        blobs: parts.blobs,
        project: chooseProject(context.principal, 'jobs.submit', query.project),
        name: query.name,
        actor: context.principal.name,
        maxBytes: limits.uploadBytes,
        sha256: query.sha256,
      }),
    ),
    route(artifacts.show, ({ params }, { principal }) =>
      findArtifact(database, projectsWith(principal, 'jobs.read'), params.sha256),
    ),
    route(artifacts.download, async ({ params, query }, context) => {
      const scope = projectsWith(context.principal, 'jobs.read');
      const artifact = await findArtifact(database, scope, params.sha256);
      const { preview, name = artifact.name } = query;
      return offerDownload(parts, { ...artifact, name, preview }, context);
    }),
    route(artifacts.members, async ({ params, query }, { principal }) => {
      const artifact = await findArtifact(
        database,
        projectsWith(principal, 'jobs.read'),
        params.sha256,
      );
      return listArchive({ ...parts, archives }, artifact, query);
    }),
    route(artifacts.member, async ({ params, query }, context) => {
      const scope = projectsWith(context.principal, 'jobs.read');
      const artifact = await findArtifact(database, scope, params.sha256);
      const position = Number(params.position);
      const member = await openMember({ ...parts, archives }, artifact, { ...query, position });
      const subject = { ...artifact, name: member.name };
      const { preview } = query;
      return audit(member, { parts, artifact: { ...subject, preview }, context });
    }),
  ];
}

interface OfferedArtifact extends Pick<Artifact, 'sha256' | 'sizeBytes' | 'name' | 'project'> {
  /** Only the first bytes, recorded in the audit log as a preview instead of a download. */
  readonly preview: boolean;
}

/** Sends stored content as a download or as a preview. */
export function offerDownload(
  parts: ArtifactParts,
  artifact: OfferedArtifact,
  context: CallContext,
): Download {
  const { sha256, sizeBytes, name, preview } = artifact;
  const open: Download['open'] = (range) => parts.blobs.open(sha256, range);
  const whole: Download = { name, sizeBytes, etag: sha256, open };
  const start: Download = {
    name,
    sizeBytes: limits.previewBytes,
    etag: `${sha256}-preview`,
    open: (range) => open(range ?? { start: 0, end: limits.previewBytes - 1 }),
  };
  const isCut = preview && sizeBytes > limits.previewBytes;
  return audit(isCut ? start : whole, { parts, artifact, context });
}

interface Audited {
  readonly parts: ArtifactParts;
  readonly artifact: Omit<OfferedArtifact, 'sizeBytes'>;
  readonly context: CallContext;
}

/**
 * Records in the audit log that content is sent: not for HEAD, nor for content that the client
 * already has (304), nor for a range outside of it (416). A preview is recorded with the bytes that
 * are sent, so that content which leaves in previews is as visible as a download.
 */
function audit(download: Download, { parts, artifact, context }: Audited): Download {
  return {
    ...download,
    async open(range) {
      const content = await download.open(range);
      const offset = range?.start ?? 0;
      const end = range === undefined ? download.sizeBytes : range.end + 1;
      const sent = artifact.preview ? { offset, bytes: (end ?? 0) - offset } : {};
      try {
        await appendEvents(parts.database, [
          {
            type: artifact.preview ? 'artifact.previewed' : 'artifact.downloaded',
            subject: artifact.sha256,
            actor: context.principal.name,
            project: artifact.project,
            data: { name: artifact.name, address: context.address, ...sent },
          },
        ]);
      } catch (error) {
        content.destroy();
        throw error;
      }
      parts.onEvents();
      return content;
    },
  };
}
