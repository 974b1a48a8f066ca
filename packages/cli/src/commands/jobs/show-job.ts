/** `lazaret job` and `lazaret rerun`: a job as a page, immediately or after it has ended. */
import { operations } from '@lazaret/protocol';

import { flagOn, type Flags, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { pageOf } from '../../command/operation-pages.ts';
import { exitCodes } from '../../exit-code.ts';
import { createLogSink } from '../../render/log-sink.ts';
import { printItem, printStructured, writeOut } from '../../render/print.ts';
import { exitCodeOfJob, printOutcome, waitForJobs, type WaitForJobs } from './wait-job.ts';

const { show, rerun } = operations.jobs;

export async function runJob(invocation: Invocation): Promise<number> {
  const [given = ''] = invocation.arguments;
  checkIdStart('jobs', given);
  const connection = await invocation.connect();
  const { client } = connection;
  const params = { id: await resolveId(client, 'jobs', given) };
  if (isWaiting(invocation.flags)) {
    const isInterrupted = await waitForJobs(invocation, client, {
      ids: [params.id],
      ...logOf(invocation),
      cancelOnInterrupt: flagOn(invocation.flags, 'cancelOnInterrupt'),
      onEnded: () => undefined,
    });
    if (isInterrupted) return exitCodes.interrupted.code;
  }
  const job = await client.call(show, { params }, { signal: callTimeout() });
  await printItem(invocation, job, pageOf(show, invocation));
  if (isWaiting(invocation.flags)) await printOutcome(invocation, connection, { job });
  return isWaiting(invocation.flags) ? exitCodeOfJob(job) : 0;
}

/** Prints the IDs of the new jobs one per line, as `submit` does. */
export async function runRerun(invocation: Invocation): Promise<number> {
  const { arguments: given, flags, settings } = invocation;
  for (const id of given) checkIdStart('jobs', id);
  const connection = await invocation.connect();
  const { client } = connection;
  const ids = await Promise.all(given.map((id) => resolveId(client, 'jobs', id)));
  const body = { sameRevision: flagOn(flags, 'sameRevision') };
  const made: string[] = [];
  for (const id of ids) {
    const signal = callTimeout();
    const job = await client.call(rerun, { params: { id }, body }, { signal });
    made.push(job.id);
    if (settings.output === 'table') await writeOut(invocation, `${job.id}\n`);
    else await printStructured(invocation, job);
  }
  if (!isWaiting(flags)) return exitCodes.ok.code;
  let exitCode: number = exitCodes.ok.code;
  const isInterrupted = await waitForJobs(invocation, client, {
    ids: made,
    ...logOf(invocation),
    cancelOnInterrupt: flagOn(flags, 'cancelOnInterrupt'),
    onEnded: async (job) => {
      await printOutcome(invocation, connection, { job });
      exitCode = exitCode === 0 ? exitCodeOfJob(job) : exitCode;
    },
  });
  return isInterrupted ? exitCodes.interrupted.code : exitCode;
}

/** With `--follow`, the log goes to standard output unless that is JSON or YAML. */
function logOf(invocation: Invocation): Pick<WaitForJobs, 'openLog'> {
  const to = invocation.settings.output === 'table' ? 'stdout' : 'stderr';
  if (!flagOn(invocation.flags, 'follow')) return {};
  return { openLog: () => createLogSink(invocation, { raw: false, to }) };
}

function isWaiting(flags: Flags): boolean {
  return flagOn(flags, 'wait') || flagOn(flags, 'follow') || flagOn(flags, 'cancelOnInterrupt');
}
