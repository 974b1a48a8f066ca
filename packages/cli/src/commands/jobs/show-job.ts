/** `lazaret job` and `lazaret rerun`: a job as a page, immediately or after it has ended. */
import { operations, type Client } from '@lazaret/protocol';

import { flagOn, type Flags, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { pageOf } from '../../command/operation-pages.ts';
import { createLogSink } from '../../render/log-sink.ts';
import { printItem, printStructured, writeOut } from '../../render/print.ts';
import { exitCodeOfJob, printOutcome, waitForJob } from './wait-job.ts';

const { show, rerun } = operations.jobs;

export async function runJob(invocation: Invocation): Promise<number> {
  const [given = ''] = invocation.arguments;
  checkIdStart('jobs', given);
  const connection = await invocation.connect();
  const { client } = connection;
  const params = { id: await resolveId(client, 'jobs', given) };
  if (isWaiting(invocation.flags)) {
    const exitCode = await waitForOne(invocation, client, params.id);
    if (exitCode !== undefined) return exitCode;
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
  let exitCode = 0;
  for (const id of ids) {
    const signal = callTimeout();
    const job = await client.call(rerun, { params: { id }, body }, { signal });
    if (settings.output === 'table') await writeOut(invocation, `${job.id}\n`);
    else await printStructured(invocation, job);
    if (!isWaiting(flags)) continue;
    const ended = await waitForOne(invocation, client, job.id);
    if (ended !== undefined) return ended;
    const last = await client.call(show, { params: { id: job.id } }, { signal: callTimeout() });
    await printOutcome(invocation, connection, { job: last });
    exitCode = exitCode === 0 ? exitCodeOfJob(last) : exitCode;
  }
  return exitCode;
}

/** Waits; returns an exit code only when the user detached before the end. */
async function waitForOne(
  invocation: Invocation,
  client: Client,
  id: string,
): Promise<number | undefined> {
  const { flags, settings } = invocation;
  const to = settings.output === 'table' ? 'stdout' : 'stderr';
  const sink = flagOn(flags, 'follow') ? createLogSink(invocation, { raw: false, to }) : undefined;
  const job = await waitForJob(invocation, client, {
    id,
    ...(sink === undefined ? {} : { onLog: (chunk) => sink.write(chunk) }),
    cancelOnInterrupt: flagOn(flags, 'cancelOnInterrupt'),
  });
  await sink?.end();
  return job === undefined ? exitCodeOfJob(undefined) : undefined;
}

function isWaiting(flags: Flags): boolean {
  return flagOn(flags, 'wait') || flagOn(flags, 'follow') || flagOn(flags, 'cancelOnInterrupt');
}
