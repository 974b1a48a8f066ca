/**
 * Durable readers: each event at least once, in order, despite crashes. The position is updated in
 * the transaction in which the events were handled, so writes of a handler there happen exactly
 * once. A database lock limits a reader to one process at a time; another one resumes it
 * automatically. A failing event is retried with back-off, alone, and only delays its reader.
 */
import type { EventType } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction, type Database } from '../db/index.ts';
import { serverLimits } from '../limits.ts';
import { Loop } from '../loop.ts';
import { createDelayedRetry } from './delayed-retry.ts';
import { beginning, isAfter, type Position } from './position.ts';
import { readEvents, readHorizon, type EventPage, type StoredEvent } from './store.ts';

export interface EventReader {
  /** Key of its position; never changed, never reused. */
  readonly name: string;
  readonly types?: readonly EventType[];
  /** Where a new reader starts in this database. */
  readonly start: 'beginning' | 'now';
  /** Attempts after which an event is skipped with a log message; `never` retries forever. */
  readonly giveUpAfter: number | 'never';
  /** Handles a batch, in order; the whole batch counts as failed when it throws. */
  handle(events: readonly StoredEvent[], open: Transaction<Database>): Promise<void>;
  /** Called after the commit of a batch. */
  readonly onHandled?: () => void;
}

export interface ReaderState {
  readonly name: string;
  readonly loop: Loop;
  /** Seconds that the oldest unread event waits; 0 when all is read. */
  lagSeconds(): Promise<number>;
}

interface ReaderParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Progress {
  batch: number;
  /** The event that failed last, and how often. */
  failing: { readonly position: Position; readonly tries: number } | undefined;
}

const idleTransactions = 1_000n;

/** Starts a reader; it runs until the signal aborts. */
export function startReader(reader: EventReader, parts: ReaderParts): ReaderState {
  const { database, log, signal } = parts;
  const name = `events:${reader.name}`;
  const { eventPollMs: periodMs, readerSpacingMs: spacingMs } = serverLimits;
  const loop = new Loop({ name, periodMs, spacingMs, log, signal });
  const progress: Progress = { batch: serverLimits.eventBatch, failing: undefined };
  const retryDelayed = createDelayedRetry(loop);
  void loop.run(async () => {
    const page = await advance(reader, progress, parts);
    if (page?.more === true) loop.repeat();
    retryDelayed(page?.held === true);
  });
  return { name: reader.name, loop, lagSeconds: () => measureLag(database, reader) };
}

/** One batch in one transaction; undefined when another process has the reader. */
async function advance(
  reader: EventReader,
  progress: Progress,
  { database, log }: ReaderParts,
): Promise<EventPage | undefined> {
  let handling: readonly StoredEvent[] = [];
  let handled = 0;
  try {
    const page = await transaction(database, async (open) => {
      if (!(await takeTurn(open, reader.name))) return undefined;
      const stored = await loadPosition(open, reader.name);
      const after = stored ?? (await firstPosition(open, reader));
      const found = await readBatch(open, { reader, after, limit: progress.batch });
      handling = found.events.filter((event) => !isGivenUp(reader, progress, event));
      for (const event of found.events) {
        if (handling.includes(event)) continue;
        log.error(
          { reader: reader.name, event: describe(event) },
          'an event was skipped after too many failures',
        );
      }
      if (handling.length > 0) await reader.handle(handling, open);
      handled = handling.length;
      handling = [];
      if (shouldSave(stored, found)) await savePosition(open, reader.name, found.position);
      return found;
    });
    if (page !== undefined) noteSuccess(progress, page.position);
    if (handled > 0) reader.onHandled?.();
    return page;
  } catch (error) {
    noteFailure(progress, handling);
    const [event] = handling;
    const tries = progress.failing?.tries;
    if (event !== undefined && tries !== undefined) {
      log.warn({ reader: reader.name, event: describe(event), tries }, 'an event failed');
    }
    throw error;
  }
}

function noteSuccess(progress: Progress, reached: Position): void {
  const { failing } = progress;
  if (failing !== undefined && isAfter(failing.position, reached)) return;
  progress.failing = undefined;
  progress.batch = Math.min(progress.batch * 2, serverLimits.eventBatch);
}

/** The failing event of a batch is found by handling them one by one. */
function noteFailure(progress: Progress, handling: readonly StoredEvent[]): void {
  const [event] = handling;
  if (event === undefined) return;
  progress.batch = 1;
  if (handling.length > 1) return;
  const again = progress.failing?.position.id === event.position.id;
  const tries = again ? (progress.failing?.tries ?? 0) + 1 : 1;
  progress.failing = { position: event.position, tries };
}

function isGivenUp(reader: EventReader, { failing }: Progress, event: StoredEvent): boolean {
  if (reader.giveUpAfter === 'never') return false;
  if (failing?.position.id !== event.position.id) return false;
  return failing.tries >= reader.giveUpAfter;
}

function describe(event: StoredEvent): Record<string, string> {
  return { cursor: event.cursor, type: event.type, subject: event.subject };
}

/** Whether this process may read: no other process has the lock of the reader. */
async function takeTurn(open: Transaction<Database>, name: string): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`event-reader:${name}`}, 0)) as held
  `.execute(open);
  return rows[0]?.held === true;
}

function readBatch(
  open: Transaction<Database>,
  { reader, after, limit }: { reader: EventReader; after: Position; limit: number },
): Promise<EventPage> {
  const filter = reader.types === undefined ? {} : { types: reader.types };
  return readEvents(open, { after, filter, limit });
}

async function firstPosition(open: Transaction<Database>, reader: EventReader): Promise<Position> {
  return reader.start === 'beginning' ? beginning : readHorizon(open);
}

/** The position of a reader, or undefined when it never ran. */
export async function loadPosition(
  database: Kysely<Database> | Transaction<Database>,
  name: string,
): Promise<Position | undefined> {
  const { rows } = await sql<{ transaction: string; id: string }>`
    select transaction::text, id::text from event_readers where name = ${name}`.execute(database);
  const [row] = rows;
  return row === undefined
    ? undefined
    : { transaction: BigInt(row.transaction), id: BigInt(row.id) };
}

/**
 * A save is a separate transaction, which moves the horizon: saving every new horizon would
 * never become idle. Without events it is saved periodically, to keep the next search short.
 */
function shouldSave(stored: Position | undefined, page: EventPage): boolean {
  if (stored === undefined || page.events.length > 0) return true;
  return page.position.transaction - stored.transaction > idleTransactions;
}

async function savePosition(
  open: Transaction<Database>,
  name: string,
  position: Position,
): Promise<void> {
  const values = sql`${String(position.transaction)}::xid8, ${String(position.id)}::bigint`;
  await sql`
    insert into event_readers (name, transaction, id) values (${name}, ${values})
    on conflict (name) do update set transaction = excluded.transaction, id = excluded.id`.execute(
    open,
  );
}

async function measureLag(database: Kysely<Database>, reader: EventReader): Promise<number> {
  const position = (await loadPosition(database, reader.name)) ?? beginning;
  const types =
    reader.types === undefined ? sql`true` : sql`type = any(${[...reader.types]}::text[])`;
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from clock_timestamp() - at)::float8 as seconds from events
    where (transaction, id)
        > (${String(position.transaction)}::xid8, ${String(position.id)}::bigint) and ${types}
    order by transaction, id limit 1`.execute(database);
  return Math.max(0, rows[0]?.seconds ?? 0);
}
