/** Following a stream of events over cut connections: it resumes after the last event that came. */
import { setTimeout as sleep } from 'node:timers/promises';

import { backoffMs, limits, Problem, type StreamedEvent } from '@lazaret/protocol';

import { asUnreachable } from './connection.ts';
import { exitCodes, exitCodeOfProblem } from './exit-code.ts';
import { Failure } from './failure.ts';

export interface FollowOptions<T> {
  readonly open: (
    lastEventId: string | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<StreamedEvent<T>>;
  readonly signal: AbortSignal;
  /** Told once when the connection is lost, until it is back. */
  readonly onLost?: (reason: string) => Promise<void>;
}

/**
 * Yields events until one named `end` comes or the signal aborts. The connection is made anew
 * with growing pauses; it is given up after `limits.cliReconnects` failures in a row.
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
      const reason = describeTransient(error);
      if (reason === undefined || failures >= limits.cliReconnects) throw error;
      if (failures === 0) await onLost?.(reason);
    }
    if (signal.aborted) return;
    failures += 1;
    await pause(failures, signal);
  }
}

/** Why it is worth trying again, or undefined when it is not. */
export function describeTransient(error: unknown): string | undefined {
  if (error instanceof Problem) {
    const isTransient = exitCodeOfProblem(error.code, error.status) === exitCodes.unreachable.code;
    return isTransient ? error.message : undefined;
  }
  if (error instanceof Failure) {
    return error.exitCode === exitCodes.unreachable.code ? error.message : undefined;
  }
  return asUnreachable(error, 'the server')?.message;
}

/** Waits longer after each failure, up to a bound; ends early when the signal aborts. */
export async function pause(failures: number, signal?: AbortSignal): Promise<void> {
  const bounds = { initialMs: limits.cliReconnectMs, maxMs: limits.cliReconnectMaxMs };
  const ms = backoffMs(failures - 1, bounds);
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
