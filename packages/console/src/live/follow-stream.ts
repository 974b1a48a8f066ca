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
  { open, onEvent, onStatus }: FollowedStream<T>,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    if (signal.aborted) return;
    const visible = untilHidden(signal);
    let delayMs = 0;
    onStatus('connecting');
    try {
      const events = open({
        signal: visible.signal,
        onOpen: () => onStatus('live'),
        ...(lastEventId === undefined ? {} : { lastEventId }),
      });
      for await (const event of events) {
        if (signal.aborted) return;
        failures = 0;
        lastEventId = event.id ?? lastEventId;
        if (event.event === 'end') {
          onStatus('ended');
          return;
        }
        onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!visible.signal.aborted && !isTransient(error)) {
        onStatus('failed', error);
        return;
      }
      delayMs = retryAfterMs(error);
    } finally {
      visible.release();
    }
    if (visible.signal.aborted) continue;
    onStatus('waiting');
    await pause(Math.max(delayMs, backOffMs(failures)), signal);
    failures += 1;
  }
}
