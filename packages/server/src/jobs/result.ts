/** Results as downloads. */
import { Problem, type JobArtifact, type JobDetail } from '@lazaret/protocol';

import { offerDownload } from '../artifacts/index.ts';
import type { CallContext, Download } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import { readJob } from './read.ts';
import type { JobParts } from './service.ts';

/** The result file of a job, its only artifact, or the given one. */
export async function openResult(
  parts: JobParts,
  ask: { readonly id: string; readonly path: string | undefined; readonly preview: boolean },
  context: CallContext,
): Promise<Download> {
  const job = await readJob(parts.database, projectsWith(context.principal, 'jobs.read'), ask.id);
  const artifact = chooseArtifact(job, ask.path);
  return offerDownload(
    parts,
    {
      sha256: artifact.sha256,
      sizeBytes: artifact.sizeBytes,
      name: artifact.path.split('/').at(-1) ?? artifact.path,
      project: job.project,
      preview: ask.preview,
    },
    context,
  );
}

function chooseArtifact(job: JobDetail, path: string | undefined): JobArtifact {
  const { artifacts } = job;
  if (path !== undefined) {
    const named = artifacts.find((one) => one.path === path);
    if (named !== undefined) return named;
    throw new Problem('no_result', `the job ${job.id} has no artifact ${JSON.stringify(path)}`);
  }
  const only = artifacts.length === 1 ? artifacts[0] : undefined;
  const chosen = artifacts.find((one) => one.primary) ?? only;
  if (chosen !== undefined) return chosen;
  if (artifacts.length > 1) {
    const names = artifacts.slice(0, 5).map((one) => JSON.stringify(one.path));
    throw new Problem(
      'no_result',
      `the job has ${artifacts.length} artifacts and no single result; name one with ?path=, such as ${names.join(', ')}`,
    );
  }
  throw new Problem('no_result', describeNoResult(job));
}

export function describeNoResult(job: Pick<JobDetail, 'id' | 'state' | 'outcome'>): string {
  if (job.outcome === null) return `the job ${job.id} is ${job.state}; retry when it has ended`;
  return `the job ${job.id} ended as ${job.state}: ${job.outcome.detail || job.outcome.code}`;
}
