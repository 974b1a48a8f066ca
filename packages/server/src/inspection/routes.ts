/** HTTP of inspections and of the images that were inspected. */
import { Readable } from 'node:stream';

import type { CollectorOutput } from '@lazaret/analysis';
import {
  operations,
  type Artifact,
  type Inspection,
  type ScannerOverview,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { findArtifact } from '../artifacts/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  readIdempotencyKey,
  route,
  type CallContext,
  type OutgoingEvent,
  type Route,
} from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import { chooseProject, forbidden, projectsWith, type ProjectScope } from '../floor/principal.ts';
import { formatArchiveReference, readArchiveReference } from './archive-reference.ts';
import { cancelInspection } from './cancel-inspection.ts';
import { allowWatched, checkReference, type ReferencePolicy } from './check-reference.ts';
import { anyChanged, followInspections, isEnded } from './follow.ts';
import { listFiles } from './list-files.ts';
import type { InspectionQueue } from './queue.ts';
import {
  findImage,
  listFindings,
  listImages,
  listPackages,
  readImage,
  type ImageKey,
} from './read-images.ts';
import { listInspections, readInspection, readInspections } from './read-inspections.ts';
import { compareImages, formatReport } from './read-report.ts';
import { removeImage } from './remove-image.ts';
import { requestInspection } from './request-inspection.ts';
import type { RegistryLookup } from './source-settings.ts';
import { uploadArchive } from './upload-archive.ts';

export interface InspectionParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly queue: InspectionQueue;
  readonly policy: ReferencePolicy;
  readonly findRegistry: RegistryLookup;
  readonly scanners: () => Promise<ScannerOverview>;
  /** What scripts printed in an image, by the name of the script. */
  readonly readScriptOutputs: (
    project: string,
    digest: string,
  ) => Promise<readonly CollectorOutput[]>;
  /** Called after events were written. */
  readonly onEvents: () => void;
  /** Resolves when the inspection may have changed, after the polling period, or on the signal. */
  readonly changed: (inspection: string, signal: AbortSignal) => Promise<void>;
}

export function inspectionRoutes(parts: InspectionParts): Route[] {
  return [...taskRoutes(parts), ...imageRoutes(parts), ...reportRoutes(parts)];
}

const canRead = (context: CallContext): ProjectScope =>
  projectsWith(context.principal, 'images.read');

type InspectionOf = Parameters<typeof requestInspection>[0];

interface Asker extends Pick<CallContext, 'principal' | 'headers'> {
  readonly project: string;
  readonly archive: Artifact | undefined;
}

function taskRoutes(parts: InspectionParts): Route[] {
  const { database, blobs, queue, policy, onEvents, scanners, findRegistry } = parts;
  const { images, inspections } = operations;
  const start = async (request: InspectionOf, asker: Asker): Promise<Inspection> => {
    const { project, principal, headers, archive } = asker;
    const idempotencyKey = readIdempotencyKey(headers['idempotency-key']);
    const actor = principal.name;
    const context = { database, queue, project, actor, idempotencyKey, archive };
    const id = await requestInspection(request, context);
    queue.wake();
    onEvents();
    // A caller who may request but not read still gets the state of the request.
    return readInspection(database, [project], id);
  };
  return [
    route(images.inspect, async ({ body }, { principal, headers }) => {
      const { project: asked, ...request } = body;
      const project = chooseProject(principal, 'images.inspect', asked);
      const watched = await findRegistry(project, request.reference);
      const allowed = watched === undefined ? policy : allowWatched(policy, request.reference);
      const reference = checkReference(request.reference, allowed);
      const sha256 = readArchiveReference(reference);
      const archive =
        sha256 === undefined ? undefined : await findArtifact(database, [project], sha256);
      return start({ ...request, reference }, { project, principal, headers, archive });
    }),
    route(inspections.scanners, () => scanners()),
    route(inspections.upload, async ({ query }, context) => {
      const { principal, headers } = context;
      const { project: asked, name, platform, force } = query;
      const project = chooseProject(principal, 'images.inspect', asked);
      const upload = await context.upload();
      const actor = principal.name;
      const archive = await uploadArchive(upload, { database, blobs, project, name, actor });
      const reference = formatArchiveReference(archive.sha256);
      return start({ reference, platform, force }, { project, principal, headers, archive });
    }),
    route(inspections.list, ({ query }, context) =>
      listInspections(database, canRead(context), query),
    ),
    route(inspections.show, ({ params, query }, context) =>
      waitFor(parts, { id: params.id, waitMs: query.waitSeconds * 1000 }, context),
    ),
    route(inspections.follow, ({ query }, context) => follow(parts, query.id, context)),
    route(inspections.cancel, async ({ params: { id } }, { principal }) => {
      const scope = projectsWith(principal, 'images.inspect');
      const visible = projectsWith(principal, 'images.read');
      const { project } = await readInspection(database, join(scope, visible), id);
      if (scope !== 'all' && !scope.includes(project)) {
        throw forbidden(principal, 'images.inspect', project);
      }
      await cancelInspection({ database, queue }, id, principal.name);
      onEvents();
      return readInspection(database, [project], id);
    }),
  ];
}

function join(one: ProjectScope, other: ProjectScope): ProjectScope {
  return one === 'all' || other === 'all' ? 'all' : [...one, ...other];
}

async function waitFor(
  { database, changed }: InspectionParts,
  { id, waitMs }: { readonly id: string; readonly waitMs: number },
  context: CallContext,
): Promise<Inspection> {
  const scope = canRead(context);
  return longPoll({
    read: () => readInspection(database, scope, id),
    isSettled: isEnded,
    changed: (signal) => changed(id, signal),
    waitMs,
    signal: context.signal,
  });
}

async function follow(
  { database, changed }: InspectionParts,
  given: readonly string[],
  context: CallContext,
): Promise<AsyncIterable<OutgoingEvent>> {
  const { signal, headers } = context;
  const ids = [...new Set(given)];
  // The permissions of the caller may change while the stream is running.
  const read = (): Promise<Inspection[]> => readInspections(database, canRead(context), ids);
  // An unknown id is an error response, not a stream that ends.
  await read();
  const resume = headers['last-event-id'];
  return followInspections({
    read,
    changed: (until) => anyChanged(ids, changed, until),
    signal,
    resume: typeof resume === 'string' ? resume : undefined,
  });
}

function imageRoutes({ database }: InspectionParts): Route[] {
  const { images } = operations;
  const find = (context: CallContext, key: ImageKey) => findImage(database, canRead(context), key);
  return [
    route(images.list, ({ query }, context) => listImages(database, canRead(context), query)),
    route(images.show, ({ params, query }, context) =>
      readImage(database, canRead(context), { ...params, ...query }),
    ),
    route(images.packages, async ({ params, query }, context) => {
      const { id } = await find(context, { ...params, project: query.project });
      return listPackages(database, id, query);
    }),
    route(images.files, async ({ params, query }, context) => {
      const { id } = await find(context, { ...params, project: query.project });
      return listFiles(database, id, query);
    }),
    route(images.findings, async ({ params, query }, context) => {
      const { id } = await find(context, { ...params, project: query.project });
      return listFindings(database, id, query);
    }),
  ];
}

function reportRoutes({ database, onEvents, readScriptOutputs }: InspectionParts): Route[] {
  const { images } = operations;
  return [
    route(images.report, async ({ params, query }, context) => {
      const { project, format } = query;
      const image = await findImage(database, canRead(context), { ...params, project });
      const timestamp = image.inspected_at.toISOString();
      const outputs = () => readScriptOutputs(image.project, image.digest);
      const about = { format, timestamp, outputs };
      const { name, bytes } = await formatReport(database, image, about);
      return { name, sizeBytes: bytes.length, open: () => Readable.from([bytes]) };
    }),
    route(images.compare, async ({ params, query }, context) => {
      const { project, files } = query;
      const scope = canRead(context);
      const before = await findImage(database, scope, { digest: params.digest, project });
      const key = { digest: params.other, field: 'other', project };
      const after = await findImage(database, scope, key);
      return compareImages(database, { before, after }, { files });
    }),
    route(images.remove, async ({ params, query }, { principal }) => {
      const visible = projectsWith(principal, 'images.read');
      const scope = projectsWith(principal, 'images.manage');
      const key = { ...params, ...query };
      const { project, digest } = await findImage(database, join(scope, visible), key);
      if (scope !== 'all' && !scope.includes(project)) {
        throw forbidden(principal, 'images.manage', project);
      }
      await removeImage(database, { project, digest }, principal.name);
      onEvents();
    }),
  ];
}
