/** Follows an event stream across lost connections: it resumes after the last event received. */
import { setTimeout as sleep } from 'node:timers/promises';

import { backoffMs, Problem, type StreamedEvent } from '@lazaret/protocol';

import { cliLimits } from '../limits.ts';
import { toUnreachable } from './connection.ts';
import { exitCodes, exitCodeOfProblem } from '../exit-code.ts';
import { Failure } from '../failure.ts';

export interface FollowOptions<T> {
  readonly open: (
    lastEventId: string | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<StreamedEvent<T>>;
  readonly signal: AbortSignal;
  /** Called once when the connection is lost. */
  readonly onLost?: (reason: string) => Promise<void>;
}

/**
 * Yields events until one named `end` or until the signal aborts. Reconnects with exponential
 * back-off, at most `cliLimits.reconnects` times in a row.
 */
export async function* followStream<T>(
  options: FollowOptions<T>,
): AsyncGenerator<StreamedEvent<T>> {
  const { open, signal, onLost } = options;
  let lastEventId: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      for await (const event of open(lastEventId, signal)) {
        failures = 0;
        lastEventId = event.id ?? lastEventId;
        if (event.event === 'end') return;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const reason = transientReason(error);
      if (reason === undefined || failures >= cliLimits.reconnects) throw error;
      if (failures === 0) await onLost?.(reason);
    }
    if (signal.aborted) return;
    failures += 1;
    await pause(failures, signal);
  }
}

/** Why a retry may help, or undefined for permanent errors. */
export function transientReason(error: unknown): string | undefined {
  if (error instanceof Problem) {
    const isTransient = exitCodeOfProblem(error.code, error.status) === exitCodes.unreachable.code;
    return isTransient ? error.message : undefined;
  }
  if (error instanceof Failure) {
    return error.exitCode === exitCodes.unreachable.code ? error.message : undefined;
  }
  return toUnreachable(error, 'the server')?.message;
}

/** Waits with exponential back-off; returns early when the signal aborts. */
export async function pause(failures: number, signal?: AbortSignal): Promise<void> {
  const bounds = { initialMs: cliLimits.reconnectMs, maxMs: cliLimits.reconnectMaxMs };
  const ms = backoffMs(failures - 1, bounds);
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
