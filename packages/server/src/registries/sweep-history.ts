/**
 * Retention of arrivals and of the history of tags: what is older than the settings say is removed
 * in the background, some rows at a time, except what is current or referred to by a decision or a
 * quarantined image. Any number of processes may do it at once.
 */
import { sql, type Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/schema.ts';
import { idAt } from '../floor/ids.ts';
import { watchLimits } from './limits.ts';

export interface Retention {
  readonly arrivalsMs: number;
  readonly historyMs: number;
}

export interface SweepParts {
  readonly database: Kysely<Database>;
  readonly retention: Retention;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Swept {
  readonly arrivals: number;
  readonly history: number;
}

/** Ends early when the signal aborts; the next sweep continues. */
export async function sweepHistory(
  { database, retention, now }: SweepParts,
  signal: AbortSignal,
): Promise<Swept> {
  const arrivalsBefore = idAt(Math.floor(now() - retention.arrivalsMs));
  const historyBefore = new Date(now() - retention.historyMs);
  return {
    arrivals: await repeat(signal, (after) => sweepArrivals(database, after, arrivalsBefore)),
    history: await repeat(signal, (after) => sweepTagHistory(database, after, historyBefore)),
  };
}

interface Batch {
  /** Where the next batch begins; null after the last one. */
  readonly last: string | null;
  readonly removed: number;
}

async function repeat(
  signal: AbortSignal,
  sweep: (after: string) => Promise<Batch>,
): Promise<number> {
  let total = 0;
  for (let after: string | null = ''; after !== null && !signal.aborted;) {
    const batch = await sweep(after);
    total += batch.removed;
    after = batch.last;
  }
  return total;
}

/**
 * The newest arrival of each tag and of each digest in its repository stays: what is
 * known of the tag, and of the digest. So do those that are not settled or not decided.
 */
async function sweepArrivals(
  database: Kysely<Database>,
  after: string,
  before: string,
): Promise<Batch> {
  const { rows } = await sql<Batch>`
    with old as materialized (
      select id from arrivals where id > ${after} and id < ${before}
      order by id limit ${watchLimits.sweepRows}),
    removed as (
      delete from arrivals a using old
      where a.id = old.id and a.state in ('inspected', 'failed') and a.decision is not null
        and exists (select from arrivals n
          where n.registry = a.registry and n.repository = a.repository
            and n.tag is not distinct from a.tag and n.id > a.id)
        and exists (select from arrivals n
          where n.registry = a.registry and n.repository = a.repository
            and n.digest = a.digest and n.id > a.id)
        and not exists (select from registry_tags t
          where t.registry = a.registry and t.repository = a.repository and t.arrival = a.id)
        and not exists (select from decisions d
          where d.registry = a.registry and d.repository = a.repository
            and d.digest = a.digest and d.arrival = a.id)
        and not exists (select from decisions_in_force f
          where f.registry = a.registry and f.repository = a.repository
            and f.digest = a.digest and f.arrival = a.id)
        and not exists (select from quarantine_items q
          where q.registry = a.registry and q.repository = a.repository
            and q.digest = a.digest and q.state <> 'purged')
      returning 1)
    select (select max(id) from old) as last, (select count(*) from removed) as removed`.execute(
    database,
  );
  return rows[0] ?? { last: null, removed: 0 };
}

/** The newest change of each tag stays, also of one that is gone. */
async function sweepTagHistory(
  database: Kysely<Database>,
  after: string,
  before: Date,
): Promise<Batch> {
  const from = after === '' ? 0 : Number(after);
  const { rows } = await sql<Batch>`
    with old as materialized (
      select id from registry_tag_history where id > ${from} and at < ${before}
      order by id limit ${watchLimits.sweepRows}),
    removed as (
      delete from registry_tag_history h using old
      where h.id = old.id and exists (select from registry_tag_history n
        where n.registry = h.registry and n.repository = h.repository and n.tag = h.tag
          and n.id > h.id)
      returning 1)
    select (select max(id) from old)::text as last,
      (select count(*) from removed) as removed`.execute(database);
  return rows[0] ?? { last: null, removed: 0 };
}

/** At the start and every few hours. Returns a function that stops it. */
export function startSweeping(parts: SweepParts & { readonly log: Logger }): () => Promise<void> {
  const { log } = parts;
  const stopped = new AbortController();
  const { signal } = stopped;
  let running: Promise<void> = Promise.resolve();
  const sweep = (): void => {
    running = running
      .then(() => sweepHistory(parts, signal))
      .then((swept) => {
        if (swept.arrivals + swept.history > 0) log.info(swept, 'old arrivals and history removed');
      })
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'old arrivals and history not removed');
      });
  };
  sweep();
  const timer = setInterval(sweep, watchLimits.sweepMs);
  return async () => {
    clearInterval(timer);
    stopped.abort();
    await running;
  };
}
