/** The legacy API, implemented with the same service as the current one. */
import { Readable } from 'node:stream';

import {
  isFinal,
  operations,
  type JobArtifact,
  type JobDetail,
  type legacyStatuses,
} from '@lazaret/protocol';

import { route, type Download, type Route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import { jobLimits } from './limits.ts';
import { readJob } from './read.ts';
import { describeNoResult, openResult } from './result.ts';
import { submitUpload, type JobParts } from './service.ts';

export function legacyRoutes(parts: JobParts): Route[] {
  const { legacy } = operations;
  return [
    route(legacy.upload, async ({ params, query }, context) => {
      const job = await submitUpload(parts, { engine: params.engine, name: query.name }, context);
      return { jobid: job.id };
    }),
    route(legacy.result, async ({ params }, { principal }) => {
      const job = await readJob(parts.database, projectsWith(principal, 'jobs.read'), params.id);
      return {
        status: legacyStatus(job),
        summary: await summarise(parts, job),
        link: isFinal(job.state) ? `/link/${job.id}` : '',
      };
    }),
    route(legacy.link, async ({ params, query }, context) => {
      const scope = projectsWith(context.principal, 'jobs.read');
      const job = await readJob(parts.database, scope, params.id);
      if (!isFinal(job.state) || job.state === 'succeeded') {
        return openResult(parts, { id: params.id, path: query.path, preview: false }, context);
      }
      return textDownload('error.txt', `${describeNoResult(job)}\n`);
    }),
  ];
}

function legacyStatus(job: JobDetail): (typeof legacyStatuses)[number] {
  if (job.state === 'succeeded') return 'Success';
  if (isFinal(job.state)) return 'Fail';
  return job.state === 'queued' ? 'Received' : 'Running';
}

/** The first bytes of a textual result, or the error; never raw bytes in JSON. */
async function summarise(parts: JobParts, job: JobDetail): Promise<string> {
  if (job.state !== 'succeeded') return job.outcome?.detail ?? job.waitReason ?? '';
  const result = job.artifacts.find((one) => one.primary) ?? job.artifacts[0];
  return result === undefined || result.sizeBytes === 0 ? '' : readStart(parts, result);
}

async function readStart(parts: JobParts, result: JobArtifact): Promise<string> {
  const end = Math.min(result.sizeBytes, jobLimits.resultSummaryBytes) - 1;
  const chunks: Uint8Array[] = [];
  for await (const chunk of await parts.blobs.open(result.sha256, { start: 0, end })) {
    chunks.push(chunk as Uint8Array);
  }
  // Truncation may have split the last character, which does not make the content binary.
  const text = new TextDecoder().decode(Buffer.concat(chunks)).replace(/\ufffd$/, '');
  const isText = !/[\ufffd]|(?![\t\n\r])\p{Cc}/u.test(text);
  return isText ? text : `${result.path}: binary, ${result.sizeBytes} bytes`;
}

function textDownload(name: string, text: string): Download {
  const bytes = Buffer.from(text);
  return { name, sizeBytes: bytes.length, open: () => Readable.from([bytes]) };
}
