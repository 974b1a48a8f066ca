import type { Inspection, InspectionState } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import type { OutgoingEvent } from '../floor/http/index.ts';
import { createChangeSignals } from '../floor/signals.ts';
import { anyChanged, followInspections } from './follow.ts';

const inspection = (id: string, state: InspectionState, files = 0): Inspection =>
  ({ id, state, progress: { files } }) as unknown as Inspection;

/** A source whose states are given one by one, with a record of open waits. */
function source(states: readonly (readonly Inspection[])[]) {
  let at = 0;
  let open = 0;
  let reads = 0;
  return {
    openWaits: () => open,
    reads: () => reads,
    read: async () => {
      reads += 1;
      return states[at] ?? states.at(-1) ?? [];
    },
    changed: (signal: AbortSignal) => {
      open += 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = (): void => {
        open -= 1;
        at += 1;
        resolve();
      };
      const timer = setImmediate(end);
      signal.addEventListener('abort', () => {
        clearImmediate(timer);
        end();
      });
      return promise;
    },
  };
}

test('sends each inspection once and again after a change, and ends when all have ended', async () => {
  const { read, changed } = source([
    [inspection('a', 'queued'), inspection('b', 'running')],
    [inspection('a', 'queued'), inspection('b', 'running', 9)],
    [inspection('a', 'queued'), inspection('b', 'running', 9)],
    [inspection('a', 'cancelled'), inspection('b', 'finished', 9)],
  ]);
  const events: unknown[] = [];
  const { signal } = new AbortController();
  for await (const { event, data } of followInspections({ read, changed, signal })) {
    const { id, state } = data as Partial<Inspection>;
    events.push(event === 'end' ? event : `${event} ${id} ${state}`);
  }
  expect(events).toEqual([
    ...['inspection a queued', 'inspection b running', 'inspection b running'],
    ...['inspection a cancelled', 'inspection b finished', 'end'],
  ]);
});

/** The events of a source that does not change. */
async function eventsOf(states: readonly Inspection[], resume?: string): Promise<OutgoingEvent[]> {
  const { read, changed } = source([states]);
  const { signal } = new AbortController();
  const events: OutgoingEvent[] = [];
  for await (const event of followInspections({ read, changed, signal, resume })) {
    events.push(event);
  }
  return events;
}

test('a client that resumes only gets the inspections that it has not received', async () => {
  const ended = [inspection('a', 'cancelled'), inspection('b', 'finished', 9)];
  const all = await eventsOf(ended);
  expect(all.map(({ event }) => event)).toEqual(['inspection', 'inspection', 'end']);
  const [first, second] = all;
  expect(await eventsOf(ended, first?.id)).toEqual([second, all[2]]);
  expect(await eventsOf(ended, second?.id)).toEqual([all[2]]);
  expect(await eventsOf(ended, '')).toEqual(all);
});

test('a client that resumes gets all inspections again when one has changed meanwhile', async () => {
  const ended = [inspection('a', 'cancelled'), inspection('b', 'finished', 9)];
  const last = (await eventsOf(ended)).findLast(({ id }) => id !== undefined)?.id;
  const changed = [inspection('a', 'failed'), inspection('b', 'finished', 9)];
  expect(await eventsOf(changed, last)).toHaveLength(3);
});

test.each(['x', '1.1', "' or true"])('a malformed Last-Event-ID is refused: %j', async (resume) => {
  await expect(eventsOf([inspection('a', 'failed')], resume)).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'header.Last-Event-ID' }],
  });
});

test('frees its wait when the caller disconnects', async () => {
  const signals = createChangeSignals();
  const caller = new AbortController();
  const states: readonly Inspection[] = [inspection('a', 'running')];
  const waiting = followInspections({
    read: async () => states,
    changed: (signal) => anyChanged(['a', 'b'], signals.changed, signal),
    signal: caller.signal,
  });
  expect((await waiting.next()).value).toMatchObject({ event: 'inspection' });
  const next = waiting.next();
  caller.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a change of one of several inspections ends the wait for all', async () => {
  const signals = createChangeSignals();
  let open = 0;
  const changed = async (id: string, signal: AbortSignal): Promise<void> => {
    open += 1;
    await signals.changed(id, signal);
    open -= 1;
  };
  const { signal } = new AbortController();
  const wait = anyChanged(['a', 'b', 'c'], changed, signal);
  expect(open).toBe(3);
  signals.notify('b');
  await wait;
  await new Promise(setImmediate);
  expect(open).toBe(0);
});
