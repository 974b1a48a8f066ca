/** Follows inspections live: each as it is, and again after each change, until all have ended. */
import { createHash } from 'node:crypto';

import { finalInspectionStates, Problem, type Inspection } from '@lazaret/protocol';

import type { OutgoingEvent } from '../floor/http/index.ts';

export interface FollowOptions {
  readonly read: () => Promise<readonly Inspection[]>;
  /** Resolves when one of them may have changed, after a polling period, or on the signal. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
  /** `Last-Event-ID` of the client. */
  readonly resume?: string | undefined;
}

/**
 * Events `inspection`, then `end`. Each contains a whole state. Its id identifies all states that
 * were sent, so that a client that reconnects only gets the states that differ.
 */
export async function* followInspections(options: FollowOptions): AsyncGenerator<OutgoingEvent> {
  const { read, changed } = options;
  const sent = new Map<string, Buffer>();
  let resume = checkResume(options.resume);
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, options.signal]);
  try {
    while (!signal.aborted) {
      // Subscribed before reading, so that a change between the two is not missed.
      const change = changed(signal);
      const inspections = await read();
      if (resume !== undefined) skipReceived(inspections, { sent, resume });
      resume = undefined;
      for (const inspection of inspections) {
        const state = digest(JSON.stringify(inspection));
        if (sent.get(inspection.id)?.equals(state) === true) continue;
        sent.set(inspection.id, state);
        yield { id: formatPosition(sent.values()), event: 'inspection', data: inspection };
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

/** Records the states that the client has received already: the first ones, or all. */
function skipReceived(
  inspections: readonly Inspection[],
  { sent, resume }: { readonly sent: Map<string, Buffer>; readonly resume: string },
): void {
  const states = inspections.map((each) => digest(JSON.stringify(each)));
  const count = states.findIndex((_, at) => formatPosition(states.slice(0, at + 1)) === resume) + 1;
  inspections.slice(0, count).forEach(({ id }, at) => sent.set(id, states[at] as Buffer));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function formatPosition(states: Iterable<Buffer>): string {
  return createHash('sha256')
    .update(Buffer.concat([...states]))
    .digest('base64url');
}

function checkResume(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[\w-]{43}$/.test(text)) return text;
  const message = 'expected the id of an event of this stream; omit it to start over';
  throw new Problem('invalid_request', `header Last-Event-ID: ${message}`, {
    fields: [{ path: 'header.Last-Event-ID', message }],
  });
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
