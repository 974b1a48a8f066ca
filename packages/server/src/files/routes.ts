/** HTTP of files. */
import { buffer } from 'node:stream/consumers';

import {
  limits,
  operations,
  type EventType,
  type FilePreview,
  type JobDetail,
  type JobSubmission,
} from '@lazaret/protocol';

import { storeUpload, recordOrigin } from '../artifacts/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { route, type CallContext, type Download, type Route } from '../floor/http/index.ts';
import { chooseProject, projectsWith } from '../floor/principal.ts';
import type { FileReader } from '../inspection/index.ts';
import { submit, type JobParts } from '../jobs/index.ts';
import { describeFile } from './describe-file.ts';
import { openContent, type ContentQuery, type OpenContent } from './open-content.ts';
import { protectedZip } from './protected-zip.ts';

export interface FileParts extends JobParts {
  readonly reader: FileReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function fileRoutes(parts: FileParts): Route[] {
  const { files } = operations;
  return [
    route(files.show, ({ params, query }, { principal }) =>
      describeFile(parts.database, {
        ...{ sha256: params.sha256, project: query.project },
        jobs: projectsWith(principal, 'jobs.read'),
        images: projectsWith(principal, 'images.read'),
      }),
    ),
    route(files.preview, ({ params, query }, context) =>
      preview(parts, { ...params, ...query }, context),
    ),
    route(files.download, ({ params, query }, context) =>
      download(parts, { ...params, ...query }, context),
    ),
    route(files.submit, ({ params, body }, context) => {
      const { image, name, ...submission } = body;
      const query = { ...params, image, name };
      return submitFile(parts, { query, submission: { ...submission, inputs: [] } }, context);
    }),
  ];
}

interface PreviewQuery extends ContentQuery {
  readonly offset: number;
  readonly length: number;
}

async function preview(
  parts: FileParts,
  query: PreviewQuery,
  context: CallContext,
): Promise<FilePreview> {
  const { sha256, offset, length } = query;
  const content = await openContent(parts, query, context);
  try {
    const { sizeBytes, source } = content;
    const end = Math.min(offset + length, sizeBytes) - 1;
    const bytes =
      end < offset ? Buffer.alloc(0) : await buffer(await content.open({ start: offset, end }));
    // Nothing is recorded for a range after the end: no content was sent.
    if (bytes.length > 0 || offset === 0) {
      const sent = { offset, bytes: bytes.length };
      await record(parts, { type: 'file.previewed', sha256, content, sent }, context);
    }
    return { sha256, sizeBytes, offset, bytes: bytes.toString('base64'), source };
  } finally {
    content.close();
  }
}

async function download(
  parts: FileParts,
  query: ContentQuery & { readonly name?: string | undefined },
  context: CallContext,
): Promise<Download> {
  const { sha256 } = query;
  const content = await openContent(parts, query, context);
  context.signal.addEventListener('abort', () => content.close(), { once: true });
  return {
    name: `${sha256}.zip`,
    sizeBytes: undefined,
    async open() {
      await record(parts, { type: 'file.downloaded', sha256, content }, context);
      const bytes = await content.open();
      const name = memberName(query.name ?? content.name, sha256);
      const modifiedAt = new Date(parts.now());
      const zip = protectedZip({ name, modifiedAt, content: bytes });
      return zip.once('close', () => content.close());
    },
  };
}

/** A name that no archiver treats as a path. */
function memberName(name: string, fallback: string): string {
  const clean = name.replaceAll(/[\p{Cc}/\\:]/gu, '_').toWellFormed();
  return clean === '' || clean === '.' || clean === '..' ? fallback : clean;
}

interface FileSubmission {
  readonly query: ContentQuery & { readonly name: string | undefined };
  readonly submission: JobSubmission;
}

async function submitFile(
  parts: FileParts,
  { query, submission }: FileSubmission,
  context: CallContext,
): Promise<JobDetail> {
  const { database, blobs } = parts;
  const { principal } = context;
  const { sha256 } = query;
  const content = await openContent(parts, query, context);
  try {
    const project = chooseProject(principal, 'jobs.submit', submission.project);
    const name = query.name ?? content.name;
    if (content.source === 'image' || content.project !== project) {
      const stream = await content.open();
      try {
        await storeUpload(
          { name, declaredBytes: content.sizeBytes, stream },
          {
            ...{ database, blobs, project, name: undefined, actor: principal.name, sha256 },
            maxBytes: limits.uploadBytes,
          },
        );
      } finally {
        // A refused upload leaves its stream unread.
        stream.destroy();
      }
    }
    if (content.read !== undefined) {
      const { place, reference } = content.read;
      const { image, layer } = place.place;
      const origin = { project, image, reference, layer, path: place.path };
      await recordOrigin(database, sha256, { ...origin, createdBy: principal.name });
      await record(parts, { type: 'file.extracted', sha256, content }, context);
    }
    const inputs = [{ sha256, ...(query.name !== undefined && { name: query.name }) }];
    return await submit(parts, { ...submission, project, inputs }, { context });
  } finally {
    content.close();
  }
}

interface FileEvent {
  readonly type: EventType;
  readonly sha256: string;
  readonly content: OpenContent;
  /** The part that was sent, if not all of it. */
  readonly sent?: { readonly offset: number; readonly bytes: number };
}

async function record(
  { database, onEvents }: FileParts,
  { type, sha256, content: { project, name, read }, sent }: FileEvent,
  { principal, address }: CallContext,
): Promise<void> {
  const from =
    read === undefined
      ? {}
      : { image: read.place.place.image, path: read.place.path, reference: read.reference };
  const data = { name, address, ...from, ...sent };
  await appendEvents(database, [{ type, subject: sha256, actor: principal.name, project, data }]);
  onEvents();
}
