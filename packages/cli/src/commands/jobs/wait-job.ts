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
import { transientReason, followStream, pause } from '../../connection/follow-stream.ts';
import { cliLimits } from '../../limits.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { formatOutcomeLine, formatStateLine } from '../../render/job-page.ts';
import { printNote, printTerminalNote } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';

export interface WaitOptions {
  /** Called with chunks of the log; without it the log is not shown. */
  readonly onLog?: (chunk: LogChunk) => Promise<void>;
  readonly cancelOnInterrupt: boolean;
}

const pollSeconds = 50;

/** Returns the ended job, or undefined when the user detached with Ctrl-C. */
export async function waitForJob(
  invocation: Invocation,
  client: Client,
  how: WaitOptions & { readonly id: string },
): Promise<JobDetail | undefined> {
  const interrupt = interceptInterrupt();
  try {
    const isInteractive = invocation.shell.stderr.isTTY && !invocation.settings.quiet;
    if (how.onLog !== undefined || isInteractive) {
      await followJob(invocation, client, { ...how, signal: interrupt.signal });
    }
    const ended = await pollJob(invocation, client, { id: how.id, signal: interrupt.signal });
    if (ended !== undefined) return ended;
    return await detach(invocation, client, how);
  } finally {
    interrupt.release();
  }
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
  how: WaitOptions & { readonly id: string; readonly signal: AbortSignal },
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
    if (event === 'log') await how.onLog?.(data as LogChunk);
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

async function detach(
  invocation: Invocation,
  client: Client,
  { id, cancelOnInterrupt }: WaitOptions & { readonly id: string },
): Promise<JobDetail | undefined> {
  if (!cancelOnInterrupt) {
    await printNote(
      invocation,
      `\nThe job continues. Wait again: lazaret job ${id} --wait; cancel it: lazaret cancel ${id}`,
    );
    return undefined;
  }
  await printNote(invocation, `\nCancelling ${id}`);
  await client.call(operations.jobs.cancel, { params: { id } });
  return pollJob(invocation, client, { id, signal: AbortSignal.timeout(cliLimits.callMs) });
}
