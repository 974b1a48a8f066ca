/** Following a job: wherever a client disconnects and resumes, it gets everything once. */
import type { Job, JobState } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { OutgoingEvent } from '../floor/http/index.ts';
import type { StoredChunk } from './attempt-log.ts';
import { followJob, type FollowOptions } from './follow.ts';

function makeChunk(attempt: number, number: number, bytes?: Uint8Array): StoredChunk {
  const text = Buffer.from(`${attempt}.${number};`);
  return {
    attempt,
    number,
    stream: 'stdout',
    at: new Date(0),
    bytes: bytes ?? text,
  } as StoredChunk;
}

function makeJob(state: JobState): Job {
  return { id: '0'.repeat(16), state } as Job;
}

function options(
  log: readonly StoredChunk[],
  extra: Partial<FollowOptions> = {},
  pageRows = 32,
): FollowOptions {
  return {
    readJob: async () => makeJob('succeeded'),
    readLog: async (after) =>
      log
        .filter(
          (one) =>
            after === undefined ||
            one.attempt > after.attempt ||
            (one.attempt === after.attempt && one.number > after.number),
        )
        .slice(0, pageRows),
    changed: async () => undefined,
    signal: new AbortController().signal,
    resume: undefined,
    ...extra,
  };
}

async function take(
  source: AsyncIterable<OutgoingEvent>,
  count = 10_000,
): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for await (const event of source) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

function textOf(events: readonly OutgoingEvent[]): string {
  const logs = events.filter((one) => one.event === 'log');
  return logs.map((one) => (one.data as { text: string }).text).join('');
}

test('an ended job sends its whole log, itself, and the end', async () => {
  const log = [makeChunk(1, 1), makeChunk(1, 2), makeChunk(2, 1)];
  const events = await take(followJob(options(log)));
  expect(events.map((one) => one.event)).toEqual(['log', 'log', 'log', 'job', 'end']);
  expect(textOf(events)).toBe('1.1;1.2;2.1;');
});

test('wherever clients disconnect, resuming by the last id causes no gap and no duplicate', async () => {
  const rows = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 3 });
  const breaks = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rows, breaks, async (counts, stops) => {
      const log = counts.flatMap((count, position) =>
        Array.from({ length: count }, (_, row) => makeChunk(position + 1, row + 1)),
      );
      let seen = '';
      let resume: string | undefined;
      for (const stop of [...stops, 10_000]) {
        const events = await take(followJob(options(log, { resume })), stop);
        seen += textOf(events);
        resume = events.findLast((one) => one.id !== undefined)?.id ?? resume;
      }
      expect(seen).toBe(log.map((one) => one.bytes.toString()).join(''));
    }),
  );
});

test.each(['x', '1', '1.2.3', '-1.1', '1.1e9', '9999999999.1', "1.1' or true"])(
  'a malformed Last-Event-ID is refused instead of starting over: %j',
  async (resume) => {
    const events = take(followJob(options([makeChunk(1, 1), makeChunk(1, 2)], { resume })));
    await expect(events).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ path: 'header.Last-Event-ID' }],
    });
  },
);

test('an empty Last-Event-ID, as browsers send it first, starts at the beginning', async () => {
  const log = [makeChunk(1, 1), makeChunk(1, 2)];
  expect(textOf(await take(followJob(options(log, { resume: '' }))))).toBe('1.1;1.2;');
});

test('each transition is reported once, and the rest of the log comes before the end', async () => {
  const states: JobState[] = ['queued', 'queued', 'running', 'running', 'collecting', 'succeeded'];
  const log: StoredChunk[] = [];
  let turn = 0;
  const events = await take(
    followJob(
      options(log, {
        readJob: async () => {
          const state = states[Math.min(turn, states.length - 1)] ?? 'succeeded';
          turn += 1;
          log.push(makeChunk(1, turn));
          return makeJob(state);
        },
      }),
    ),
  );
  const reported = events
    .filter((one) => one.event === 'job')
    .map((one) => (one.data as Job).state);
  expect(reported).toEqual(['queued', 'running', 'collecting', 'succeeded']);
  expect(events.at(-1)?.event).toBe('end');
  expect(textOf(events)).toBe(log.map((one) => one.bytes.toString()).join(''));
});

test('a character that is split between two rows is decoded correctly', async () => {
  const bytes = Buffer.from('\u{1f9a0}');
  const log = [makeChunk(1, 1, bytes.subarray(0, 2)), makeChunk(1, 2, bytes.subarray(2))];
  expect(textOf(await take(followJob(options(log))))).toBe('\u{1f9a0}');
});

test('following a running job ends when the client disconnects', async () => {
  const stop = new AbortController();
  const events = await take(
    followJob(
      options([makeChunk(1, 1)], {
        signal: stop.signal,
        readJob: async () => makeJob('running'),
        changed: async () => stop.abort(),
      }),
    ),
  );
  expect(events.map((one) => one.event)).toEqual(['log', 'job']);
});
