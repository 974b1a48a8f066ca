/**
 * Waiting for a job. A person sees each move and, when asked for, the log, over a stream that
 * resumes; a pipe waits by long polling, which costs the server least.
 */
import {
  isFinal,
  limits,
  operations,
  type Client,
  type Job,
  type JobDetail,
  type LogChunk,
} from '@lazaret/protocol';

import type { Invocation } from './command.ts';
import { exitCodeOfState, exitCodes } from './exit-code.ts';
import { describeTransient, followStream, pause } from './follow-stream.ts';
import { catchInterrupt } from './interrupt.ts';
import { describeOutcome, describeState } from './render/job-page.ts';
import { tell, tellPerson } from './render/print.ts';
import { createStyle } from './render/style.ts';

export interface WaitOptions {
  /** Takes pieces of the log; without it the log is not shown. */
  readonly onLog?: (chunk: LogChunk) => Promise<void>;
  readonly cancelOnInterrupt: boolean;
}

const pollSeconds = 50;

/** Answers the ended job, or undefined when the person went away with Ctrl-C. */
export async function waitForJob(
  invocation: Invocation,
  client: Client,
  how: WaitOptions & { readonly id: string },
): Promise<JobDetail | undefined> {
  const interrupt = catchInterrupt();
  try {
    const isWatched = invocation.shell.stderr.isTTY && !invocation.settings.quiet;
    if (how.onLog !== undefined || isWatched) {
      await followJob(invocation, client, { ...how, signal: interrupt.signal });
    }
    const ended = await pollJob(invocation, client, { id: how.id, signal: interrupt.signal });
    if (ended !== undefined) return ended;
    return await leave(invocation, client, how);
  } finally {
    interrupt.release();
  }
}

/** The exit code of an ended job; 130 for one that was left. */
export function exitCodeOfJob(job: Pick<Job, 'state'> | undefined): number {
  if (job === undefined || !isFinal(job.state)) return exitCodes.interrupted.code;
  return exitCodeOfState(job.state);
}

/** Says how a job ended, on standard error. */
export async function tellOutcome(invocation: Invocation, job: Job): Promise<void> {
  const style = createStyle(invocation.settings.color.stderr);
  await tellPerson(invocation, describeOutcome(job, style));
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
    onLost: (reason) => tellPerson(invocation, `${reason}; trying again`),
  });
  let last = '';
  for await (const { event, data } of stream) {
    if (event === 'log') await how.onLog?.(data as LogChunk);
    if (event !== 'job') continue;
    const line = describeState(data as Job, style);
    if (line !== last && !isFinal((data as Job).state)) await tellPerson(invocation, line);
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
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(limits.cliCallMs)]);
      const job = await client.call(operations.jobs.show, call, { signal: timeout });
      if (isFinal(job.state)) return job;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return undefined;
      const reason = describeTransient(error);
      failures += 1;
      if (reason === undefined || failures > limits.cliReconnects) throw error;
      if (failures === 1) await tellPerson(invocation, `${reason}; trying again`);
      await pause(failures, signal);
    }
  }
  return undefined;
}

async function leave(
  invocation: Invocation,
  client: Client,
  { id, cancelOnInterrupt }: WaitOptions & { readonly id: string },
): Promise<JobDetail | undefined> {
  if (!cancelOnInterrupt) {
    await tell(
      invocation,
      `\nThe job goes on. Wait again: lazaret job ${id} --wait; cancel it: lazaret cancel ${id}`,
    );
    return undefined;
  }
  await tell(invocation, `\nCancelling ${id}`);
  await client.call(operations.jobs.cancel, { params: { id } });
  return pollJob(invocation, client, { id, signal: AbortSignal.timeout(limits.cliCallMs) });
}
