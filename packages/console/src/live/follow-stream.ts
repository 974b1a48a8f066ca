/**
 * Follows a stream of events while the page is visible. A failed or disconnected stream is opened
 * again after a pause, which grows with each failure and respects `Retry-After`.
 */
import type { StreamedEvent, StreamOptions } from '@lazaret/protocol';

import { isTransient, retryAfterMs } from '../failure.ts';
import { backOffMs, pause, untilHidden, untilVisible } from './back-off.ts';

export type FollowStatus = 'connecting' | 'live' | 'waiting' | 'ended' | 'failed';

export interface FollowedStream<T> {
  readonly open: (options: StreamOptions) => AsyncIterable<StreamedEvent<T>>;
  readonly onEvent: (event: StreamedEvent<T>) => void;
  readonly onStatus: (status: FollowStatus, error?: unknown) => void;
}

/** Follows until the event `end`, a permanent failure, or the signal. */
export async function followStream<T>(
  stream: FollowedStream<T>,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined;
  let failures = 0;
  const followed: FollowedStream<T> = {
    ...stream,
    onEvent: (event) => {
      failures = 0;
      lastEventId = event.id ?? lastEventId;
      if (event.event !== 'end' && !signal.aborted) stream.onEvent(event);
    },
  };
  while (!signal.aborted) {
    await untilVisible(signal);
    if (signal.aborted) return;
    const visible = untilHidden(signal);
    const end = await readStream(followed, { signal: visible.signal, lastEventId });
    visible.release();
    if (signal.aborted) return;
    if (end.status === 'hidden') continue;
    stream.onStatus(end.status, end.error);
    if (end.status !== 'waiting') return;
    await pause(Math.max(retryAfterMs(end.error), backOffMs(failures)), signal);
    failures += 1;
  }
}

interface StreamEnd {
  readonly status: 'ended' | 'failed' | 'waiting' | 'hidden';
  readonly error?: unknown;
}

/** Opens the stream once and reads it to its end. */
async function readStream<T>(
  { open, onEvent, onStatus }: FollowedStream<T>,
  ask: { readonly signal: AbortSignal; readonly lastEventId: string | undefined },
): Promise<StreamEnd> {
  const { signal, lastEventId } = ask;
  const onOpen = (): void => onStatus('live');
  onStatus('connecting');
  try {
    const resume = lastEventId === undefined ? {} : { lastEventId };
    for await (const event of open({ signal, onOpen, ...resume })) {
      onEvent(event);
      if (event.event === 'end') return { status: 'ended' };
    }
    return { status: signal.aborted ? 'hidden' : 'waiting' };
  } catch (error) {
    if (signal.aborted) return { status: 'hidden' };
    return { status: isTransient(error) ? 'waiting' : 'failed', error };
  }
}
