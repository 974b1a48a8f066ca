/**
 * The live side of the outbox. One loop reads new events once for all subscribers and keeps the
 * latest in a bounded window; a subscriber only has a position. One within the window is served
 * from memory, one behind it (new, resumed or slow) from the database, so a slow reader uses no
 * memory and misses nothing.
 */
import { Problem } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../db/index.ts';
import { serverLimits } from '../limits.ts';
import { Loop } from '../loop.ts';
import { createDelayedRetry } from './delayed-retry.ts';
import { isAfter, parseCursor, type Position } from './position.ts';
import { startReader, type EventReader, type ReaderState } from './readers.ts';
import { rebaseEvents } from './rebase.ts';
import {
  matches,
  readEvents,
  readHorizon,
  readNextTransaction,
  type EventFilter,
  type EventPage,
  type StoredEvent,
} from './store.ts';
import { createWindow, type EventWindow } from './window.ts';

export interface OutboxOptions {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Ends the loops and every subscription. */
  readonly signal: AbortSignal;
}

export interface Subscription {
  /** A function is called for every read, since permissions change. */
  readonly filter: EventFilter | (() => EventFilter);
  /** A cursor; from now on when omitted. */
  readonly after?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Outbox {
  /** Delivers what was committed at once instead of at the next poll. Call it after the commit. */
  wake(): void;
  /** One page after a position, oldest first. */
  read(after: Position, filter: EventFilter, limit: number): Promise<EventPage>;
  /**
   * Events as they happen, each once, in one order for all. Throws `invalid_request` at the first
   * step for a cursor of another database.
   */
  subscribe(subscription: Subscription): AsyncGenerator<StoredEvent, void, undefined>;
  /** Starts durable readers; each runs in one process at a time. */
  runReaders(readers: readonly EventReader[]): void;
  /** Runs until the signal aborts; call it once, before the readers. */
  run(): Promise<void>;
  /** For liveness: the delivery loop and those of the readers. */
  readonly loops: readonly Loop[];
  /** For metrics. */
  readonly readers: readonly ReaderState[];
  readonly subscribers: number;
}

/** Consecutive reads before the loop reports progress. */
const batchesPerTurn = 20;

/** Creates the outbox of a process. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { database, log, signal } = options;
  const { eventPollMs: periodMs, loopSpacingMs: spacingMs } = serverLimits;
  const loop = new Loop({ name: 'events', periodMs, spacingMs, log, signal });
  const live: Live = { database, loop, window: undefined, subscribers: 0, waiting: new Set() };
  const retryDelayed = createDelayedRetry(loop);
  const loops = [loop];
  const readers: ReaderState[] = [];
  signal.addEventListener('abort', () => resumeSubscribers(live), { once: true });
  const wake = (): void => {
    for (const one of loops) one.wake();
  };
  return {
    wake,
    loops,
    readers,
    read: (after, filter, limit) => readEvents(database, { after, filter, limit }),
    subscribe: (subscription) => follow(live, subscription, signal),
    runReaders: (wanted) => {
      for (const reader of wanted) {
        const started = startReader(reader, { database, log, signal });
        loops.push(started.loop);
        readers.push(started);
      }
    },
    run: async () => {
      if (await rebaseEvents(database)) log.warn('events of a restored database were put in order');
      await loop.run(() => deliver(live, retryDelayed));
    },
    get subscribers() {
      return live.subscribers;
    },
  };
}

interface Live {
  readonly database: Kysely<Database>;
  readonly loop: Loop;
  /** The latest events; undefined without subscribers. */
  window: EventWindow | undefined;
  subscribers: number;
  readonly waiting: Set<() => void>;
}

function resumeSubscribers(live: Live): void {
  for (const resume of live.waiting) resume();
}

/** One iteration: advances the window and wakes the subscribers. */
async function deliver(live: Live, retryDelayed: (held: boolean) => void): Promise<void> {
  if (live.subscribers === 0) {
    live.window = undefined;
    return;
  }
  const window = live.window ?? createWindow(await readHorizon(live.database));
  if (live.window === undefined) {
    live.window = window;
    // Events committed after their last read and before the window must be read from the database.
    resumeSubscribers(live);
  }
  for (let batch = 1; batch <= batchesPerTurn; batch += 1) {
    const page = await readEvents(live.database, {
      after: window.end,
      filter: {},
      limit: serverLimits.eventBatch,
    });
    window.append(page);
    if (page.events.length > 0) resumeSubscribers(live);
    if (page.more) continue;
    retryDelayed(page.held);
    return;
  }
  live.loop.repeat();
}

async function* follow(
  live: Live,
  { filter, after, signal }: Subscription,
  stopped: AbortSignal,
): AsyncGenerator<StoredEvent, void, undefined> {
  const wanted = typeof filter === 'function' ? filter : () => filter;
  const over = (): boolean => signal.aborted || stopped.aborted;
  let position = after === undefined ? await readHorizon(live.database) : await resume(live, after);
  live.subscribers += 1;
  live.loop.wake();
  try {
    while (!over()) {
      const page = await nextPage(live, position, wanted());
      for (const event of page.events) {
        if (over()) return;
        if (matches(wanted(), event)) yield event;
      }
      const idle = !page.more && page.events.length === 0;
      position = page.position;
      if (idle) await somethingNew(live, { position, signal, over });
    }
  } finally {
    live.subscribers -= 1;
  }
}

/** A cursor in the future is of another database; waiting for it would never end. */
async function resume(live: Live, cursor: string): Promise<Position> {
  const position = parseCursor(cursor);
  if (position.transaction <= (await readNextTransaction(live.database))) return position;
  throw new Problem(
    'invalid_request',
    'the id belongs to another database; omit it to start from now',
    { fields: [{ path: 'query.after', message: 'expected the id of an event of this instance' }] },
  );
}

function nextPage(
  live: Live,
  after: Position,
  filter: EventFilter,
): EventPage | Promise<EventPage> {
  const { window, database } = live;
  if (window !== undefined && !isAfter(window.start, after)) return window.after(after);
  return readEvents(database, { after, filter, limit: serverLimits.eventBatch });
}

interface Waiting {
  readonly position: Position;
  readonly signal: AbortSignal;
  readonly over: () => boolean;
}

async function somethingNew(live: Live, { position, signal, over }: Waiting): Promise<void> {
  const { window } = live;
  if (over() || (window !== undefined && isAfter(window.start, position))) return;
  if (window?.last !== undefined && isAfter(window.last, position)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      live.waiting.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    live.waiting.add(done);
    signal.addEventListener('abort', done, { once: true });
  });
}
