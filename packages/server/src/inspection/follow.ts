/** Follows inspections live: each as it is, and again after each change, until all have ended. */
import { finalInspectionStates, type Inspection } from '@lazaret/protocol';

import type { OutgoingEvent } from '../floor/http/index.ts';

export interface FollowOptions {
  readonly read: () => Promise<readonly Inspection[]>;
  /** Resolves when one of them may have changed, after a polling period, or on the signal. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
}

/** Events `inspection`, then `end`. Each contains the whole state, so that nothing is resumed. */
export async function* followInspections(options: FollowOptions): AsyncGenerator<OutgoingEvent> {
  const { read, changed } = options;
  const sent = new Map<string, string>();
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, options.signal]);
  try {
    while (!signal.aborted) {
      // Subscribed before reading, so that a change between the two is not missed.
      const change = changed(signal);
      const inspections = await read();
      for (const inspection of inspections) {
        const text = JSON.stringify(inspection);
        if (sent.get(inspection.id) === text) continue;
        sent.set(inspection.id, text);
        yield { event: 'inspection', data: inspection };
      }
      if (inspections.every(isEnded)) {
        yield { event: 'end', data: {} };
        return;
      }
      await change;
    }
  } finally {
    done.abort();
  }
}

/** Resolves when one of the ids changed, and frees the waits for the others. */
export async function anyChanged(
  ids: readonly string[],
  changed: (id: string, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const until = AbortSignal.any([done.signal, signal]);
  try {
    await Promise.race(ids.map((id) => changed(id, until)));
  } finally {
    done.abort();
  }
}

export function isEnded({ state }: Pick<Inspection, 'state'>): boolean {
  return (finalInspectionStates as readonly string[]).includes(state);
}
