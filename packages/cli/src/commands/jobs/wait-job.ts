/**
 * Waiting for a job. On a terminal each change of state and, if requested, the log is shown over a
 * stream that resumes; otherwise it waits by long polling, which is cheapest for the server.
 */
import {
  isFinal,
  operations,
  type Client,
  type Job,
  type JobDetail,
  type LogChunk,
} from '@lazaret/protocol';

import type { Connection, Invocation } from '../../command/command.ts';
import { exitCodeOfState, exitCodes } from '../../exit-code.ts';
import { callTimeout } from '../../connection/connection.ts';
import { transientReason, followStream, pause } from '../../connection/follow-stream.ts';
import { cliLimits } from '../../limits.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { formatOutcomeLine, formatStateLine } from '../../render/job-page.ts';
import { printNote, printTerminalNote } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';

const pollSeconds = 50;

export interface WaitForJobs {
  readonly ids: readonly string[];
  readonly cancelOnInterrupt: boolean;
  /** Called with each job as it has ended, in the order of `ids`. */
  readonly onEnded: (job: JobDetail) => Promise<void> | void;
  /** Opens the output of one job's log; without it the logs are not shown. */
  readonly openLog?: () => JobLog;
}

interface JobLog {
  write(chunk: LogChunk): Promise<void>;
  end?(): Promise<void>;
}

/**
 * Waits for all jobs. Ctrl-C concerns every job that has not ended: all are cancelled, or all
 * continue and a note names them. Returns whether the command was interrupted; the state of a
 * single job that was cancelled says that already.
 */
export async function waitForJobs(
  invocation: Invocation,
  client: Client,
  how: WaitForJobs,
): Promise<boolean> {
  const interrupt = interceptInterrupt();
  const pending = new Set(how.ids);
  try {
    for (const id of how.ids) {
      const job = await waitForOne(invocation, client, { ...how, id, signal: interrupt.signal });
      if (job === undefined) break;
      pending.delete(id);
      await how.onEnded(job);
    }
  } finally {
    interrupt.release();
  }
  if (pending.size === 0) return false;
  if (!how.cancelOnInterrupt) {
    await printNote(invocation, detachNote([...pending]));
    return true;
  }
  const ended = await cancelAll(invocation, client, { ...how, ids: [...pending] });
  return how.ids.length > 1 || ended === 0;
}

async function waitForOne(
  invocation: Invocation,
  client: Client,
  how: WaitForJobs & { readonly id: string; readonly signal: AbortSignal },
): Promise<JobDetail | undefined> {
  const { id, signal } = how;
  const isInteractive = invocation.shell.stderr.isTTY && !invocation.settings.quiet;
  const log = how.openLog?.();
  if (log !== undefined || isInteractive) await followJob(invocation, client, { id, signal, log });
  await log?.end?.();
  return pollJob(invocation, client, { id, signal });
}

/** The exit code of an ended job; 130 after detaching. */
export function exitCodeOfJob(job: Pick<Job, 'state'> | undefined): number {
  if (job === undefined || !isFinal(job.state)) return exitCodes.interrupted.code;
  return exitCodeOfState(job.state);
}

/** Prints to standard error how a job ended and where the console shows it, also in a pipe. */
export async function printOutcome(
  invocation: Invocation,
  { url }: Connection,
  { job, withEngine = false }: { readonly job: Job; readonly withEngine?: boolean },
): Promise<void> {
  const style = createStyle(invocation.settings.color.stderr);
  await printNote(invocation, formatOutcomeLine(job, style, withEngine));
  await printNote(invocation, `  ${url}/console/jobs/${job.id}`);
}

async function followJob(
  invocation: Invocation,
  client: Client,
  how: { readonly id: string; readonly signal: AbortSignal; readonly log: JobLog | undefined },
): Promise<void> {
  const style = createStyle(invocation.settings.color.stderr);
  const call = { params: { id: how.id } };
  const stream = followStream({
    open: (lastEventId, signal) =>
      client.stream(operations.jobs.follow, call, {
        signal,
        ...(lastEventId === undefined ? {} : { lastEventId }),
      }),
    signal: how.signal,
    onLost: (reason) => printTerminalNote(invocation, `${reason}; retrying`),
  });
  let last = '';
  for await (const { event, data } of stream) {
    if (event === 'log') await how.log?.write(data as LogChunk);
    if (event !== 'job') continue;
    const line = formatStateLine(data as Job, style);
    if (line !== last && !isFinal((data as Job).state)) await printTerminalNote(invocation, line);
    last = line;
  }
}

async function pollJob(
  invocation: Invocation,
  client: Client,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<JobDetail | undefined> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const call = { params: { id }, query: { waitSeconds: pollSeconds } };
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(cliLimits.callMs)]);
      const job = await client.call(operations.jobs.show, call, { signal: timeout });
      if (isFinal(job.state)) return job;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return undefined;
      const reason = transientReason(error);
      failures += 1;
      if (reason === undefined || failures > cliLimits.reconnects) throw error;
      if (failures === 1) await printTerminalNote(invocation, `${reason}; retrying`);
      await pause(failures, signal);
    }
  }
  return undefined;
}

function detachNote(ids: readonly string[]): string {
  const all = ids.join(' ');
  const [first = ''] = ids;
  const wait = `lazaret job ${first} --wait`;
  return ids.length === 1
    ? `\nThe job continues. Wait again: ${wait}; cancel it: lazaret cancel ${all}`
    : `\nThe ${ids.length} jobs continue: ${all}\nWait for one: ${wait}; cancel all: lazaret cancel ${all}`;
}

/** Cancels every job, even if the server refuses one; returns how many have ended. */
async function cancelAll(
  invocation: Invocation,
  client: Client,
  { ids, onEnded }: Pick<WaitForJobs, 'ids' | 'onEnded'>,
): Promise<number> {
  await printNote(invocation, `\nCancelling ${ids.join(', ')}`);
  const cancelled = await Promise.allSettled(
    ids.map((id) =>
      client.call(operations.jobs.cancel, { params: { id } }, { signal: callTimeout() }),
    ),
  );
  const signal = AbortSignal.timeout(cliLimits.callMs);
  let ended = 0;
  for (const [at, id] of ids.entries()) {
    if (cancelled[at]?.status === 'rejected') continue;
    const job = await pollJob(invocation, client, { id, signal });
    if (job === undefined) {
      await printNote(invocation, `${id}  is being cancelled`);
      continue;
    }
    ended += 1;
    await onEnded(job);
  }
  for (const one of cancelled) if (one.status === 'rejected') throw one.reason;
  return ended;
}
