import { Problem, type StreamedEvent, type StreamOptions } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { followStream } from './follow-stream.ts';

beforeEach(() => {
  vi.useFakeTimers();
  const ignore = (): void => undefined;
  const visible = { hidden: false, addEventListener: ignore, removeEventListener: ignore };
  vi.stubGlobal('document', visible);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Attempt = (options: StreamOptions) => AsyncGenerator<StreamedEvent<string>>;

/** Follows a server that answers each attempt as given; records states, events and attempts. */
function follow(attempts: readonly Attempt[]) {
  const log: string[] = [];
  const done = followStream<string>(
    {
      open: (options) => {
        const attempt = attempts[log.filter((line) => line.startsWith('open')).length];
        log.push(`open ${options.lastEventId ?? ''}`.trim());
        if (attempt === undefined) throw new Error('too many attempts');
        return attempt(options);
      },
      onEvent: ({ data }) => log.push(data),
      onStatus: (status) => log.push(`(${status})`),
    },
    new AbortController().signal,
  );
  return { log, done };
}

async function* refuse(error: Error): AsyncGenerator<StreamedEvent<string>> {
  yield await Promise.reject<StreamedEvent<string>>(error);
}

async function* answer({ onOpen }: StreamOptions, events: readonly StreamedEvent<string>[]) {
  onOpen?.();
  yield* events;
}

const tooMany = new Problem('too_many_requests', 'x', { headers: { 'retry-after': '20' } });
const end = { event: 'end', data: '' } as StreamedEvent<string>;
const event = (id: string): StreamedEvent<string> => ({ event: 'x', id, data: id }) as never;

it('opens a stream again after too many requests, not before the server allows it', async () => {
  const { log, done } = follow([() => refuse(tooMany), (options) => answer(options, [end])]);
  await vi.advanceTimersByTimeAsync(19_000);
  expect(log).toEqual(['(connecting)', 'open', '(waiting)']);
  await vi.advanceTimersByTimeAsync(2_000);
  await done;
  expect(log.slice(3)).toEqual(['(connecting)', 'open', '(live)', '(ended)']);
});

it('resumes a stream that a proxy ended, after the last event', async () => {
  const { log, done } = follow([
    (options) => answer(options, [event('7')]),
    () => refuse(new Problem('unavailable', 'status 502')),
    () => refuse(new TypeError('Failed to fetch')),
    (options) => answer(options, [event('8'), end]),
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  await done;
  expect(log.filter((line) => !line.startsWith('('))).toEqual([
    ...['open', '7', 'open 7', 'open 7', 'open 7', '8'],
  ]);
});

it('does not repeat a permanent failure', async () => {
  const { log, done } = follow([() => refuse(new Problem('forbidden', 'x'))]);
  await done;
  expect(log).toEqual(['(connecting)', 'open', '(failed)']);
});
