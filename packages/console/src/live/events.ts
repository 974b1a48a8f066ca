/**
 * One event stream for the whole page, shared by all listeners and resumed after
 * disconnects. While it is down, `useConnected` is false and components may poll instead.
 */
import { type Event, operations } from '@lazaret/protocol';
import { useEffect, useRef, useSyncExternalStore } from 'react';

import { client } from '../client.ts';
import { isTransient, retryAfterMs } from '../failure.ts';
import { backOffMs, pause, untilHidden, untilVisible } from './back-off.ts';

type Listener = (event: Event) => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
let connected = false;
let stop: AbortController | undefined;

/** Calls the handler for each event while the component is mounted. */
export function useEvents(handler: Listener): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const listener: Listener = (event) => latest.current(event);
    listeners.add(listener);
    if (stop === undefined) {
      stop = new AbortController();
      void follow(stop.signal);
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      stop?.abort();
      stop = undefined;
      setConnected(false);
    };
  }, []);
}

/** Whether the event stream is connected. */
export function useConnected(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => connected,
  );
}

async function follow(signal: AbortSignal): Promise<void> {
  let lastEventId: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const visible = untilHidden(signal);
    let delayMs = 0;
    try {
      const options = {
        signal: visible.signal,
        onOpen: () => setConnected(true),
        ...(lastEventId === undefined ? {} : { lastEventId }),
      };
      const stream = client.stream(operations.events.stream, {}, options);
      for await (const { id, data } of stream) {
        failures = 0;
        lastEventId = id ?? lastEventId;
        for (const listener of listeners) listener(data);
      }
    } catch (error) {
      if (!visible.signal.aborted && !isTransient(error)) failures += 3;
      delayMs = retryAfterMs(error);
    } finally {
      visible.release();
    }
    if (signal.aborted) return;
    setConnected(false);
    if (!visible.signal.aborted) await pause(Math.max(delayMs, backOffMs(failures)), signal);
    failures += 1;
  }
}

function setConnected(value: boolean): void {
  if (connected === value) return;
  connected = value;
  for (const watcher of watchers) watcher();
}
