/**
 * Waiting for an inspection. On a terminal each phase is shown over a stream that reconnects;
 * otherwise it waits by long polling, which is cheapest for the server.
 */
import {
  finalInspectionStates,
  operations,
  plural,
  type Client,
  type Inspection,
} from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { followStream, pause, transientReason } from '../../connection/follow-stream.ts';
import { cliLimits } from '../../limits.ts';
import { printTerminalNote } from '../../render/print.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';

const { inspections } = operations;
const pollSeconds = 50;

/** Undefined when the user detached with Ctrl-C; the inspection continues. */
export async function waitForInspection(
  invocation: Invocation,
  client: Client,
  { id }: Pick<Inspection, 'id'>,
): Promise<Inspection | undefined> {
  const interrupt = interceptInterrupt();
  const how = { id, signal: interrupt.signal };
  try {
    if (invocation.shell.stderr.isTTY && !invocation.settings.quiet) {
      await showProgress(invocation, client, how);
    }
    const ended = await pollInspection(client, how);
    if (ended !== undefined) return ended;
  } finally {
    interrupt.release();
  }
  await printTerminalNote(invocation, `The inspection continues: lazaret inspections show ${id}`);
  return undefined;
}

interface WaitTarget {
  readonly id: string;
  readonly signal: AbortSignal;
}

async function showProgress(
  invocation: Invocation,
  client: Client,
  { id, signal }: WaitTarget,
): Promise<void> {
  const stream = followStream({
    open: (_, until) => client.stream(inspections.follow, { query: { id } }, { signal: until }),
    signal,
    onLost: (reason) => printTerminalNote(invocation, `${reason}; retrying`),
  });
  let last = '';
  for await (const { data } of stream) {
    const line = formatPhase(data);
    if (line !== last && !isEnded(data)) await printTerminalNote(invocation, line);
    last = line;
  }
}

/** One line for each phase: the number of examined layers changes too often. */
function formatPhase({ id, progress: { phase, total } }: Inspection): string {
  const texts: Readonly<Record<typeof phase, string>> = {
    waiting: 'queued',
    resolving: 'resolving the reference',
    layers: total === 0 ? 'reading layers' : `reading ${plural(total, 'layer')}`,
    storing: 'storing results',
    ended: 'ended',
  };
  return `${id}  ${texts[phase]}`;
}

async function pollInspection(
  client: Client,
  { id, signal }: WaitTarget,
): Promise<Inspection | undefined> {
  let failures = 0;
  while (!signal.aborted) {
    const call = { params: { id }, query: { waitSeconds: pollSeconds } };
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(cliLimits.callMs)]);
    try {
      const found = await client.call(inspections.show, call, { signal: timeout });
      if (isEnded(found)) return found;
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      if (transientReason(error) === undefined || failures > cliLimits.reconnects) throw error;
      await pause(failures, signal);
    }
  }
  return undefined;
}

function isEnded({ state }: Inspection): boolean {
  return (finalInspectionStates as readonly string[]).includes(state);
}
