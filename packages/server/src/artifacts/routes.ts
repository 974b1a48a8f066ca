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
import { findArtifact, keepUpload } from './keep.ts';

export interface ArtifactParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  /** Told after events were written. */
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
      keepUpload(await context.upload(), {
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
      return offerDownload(parts, { ...artifact, name: query.name ?? artifact.name }, context);
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
      if (!query.preview) await recordDownload(parts, { ...artifact, name: member.name }, context);
      return member;
    }),
  ];
}

/** Offers stored content; who took what is an event for the audit log. */
export async function offerDownload(
  parts: ArtifactParts,
  artifact: Pick<Artifact, 'sha256' | 'sizeBytes' | 'name' | 'project'>,
  context: CallContext,
): Promise<Download> {
  await recordDownload(parts, artifact, context);
  return {
    name: artifact.name,
    sizeBytes: artifact.sizeBytes,
    etag: artifact.sha256,
    open: (range) => parts.blobs.open(artifact.sha256, range),
  };
}

/** Who downloaded what, for the audit log. */
async function recordDownload(
  parts: ArtifactParts,
  artifact: Pick<Artifact, 'sha256' | 'name' | 'project'>,
  context: CallContext,
): Promise<void> {
  await appendEvents(parts.database, [
    {
      type: 'artifact.downloaded',
      subject: artifact.sha256,
      actor: context.principal.name,
      project: artifact.project,
      data: { name: artifact.name, address: context.address },
    },
  ]);
  parts.onEvents();
}
