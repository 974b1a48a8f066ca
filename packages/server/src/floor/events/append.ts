/** Writing to the outbox, in the transaction of the change that the event reports. */
import { eventKinds, type EventType } from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';

import type { Database } from '../db/index.ts';
import { eventLimits } from './limits.ts';

export interface NewEvent {
  readonly type: EventType;
  /** The subject: a job id, an engine or user name. */
  readonly subject: string;
  /** The actor: a user, or a part of Lazaret (`scheduler`, `worker`). */
  readonly actor: string;
  readonly project?: string | null;
  /** Never a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * Appends events. Pass the transaction of the change; readers see them when it commits, or never.
 * Call `wake` of the outbox after the commit to have them delivered at once.
 */
export async function appendEvents(
  database: Kysely<Database> | Transaction<Database>,
  events: readonly NewEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => {
    if (!Object.hasOwn(eventKinds, event.type)) throw new Error(`unknown event ${event.type}`);
    const data = JSON.stringify(event.data ?? {}, (_, value: unknown) => storable(value));
    return {
      type: event.type,
      subject: storable(event.subject),
      actor: storable(event.actor),
      project: event.project ?? null,
      data: Buffer.byteLength(data) > eventLimits.dataBytes ? '{"truncated":true}' : data,
    };
  });
  await database.insertInto('events').values(rows).execute();
}

/**
 * The same as a part of a larger statement, for changes that must be one round trip: `insert into
 * events ... select ... from`. The expressions are in terms of `from`.
 */
export function insertEvents(
  type: EventType,
  event: {
    readonly project: RawBuilder<unknown>;
    readonly subject: RawBuilder<unknown>;
    readonly actor: RawBuilder<unknown>;
    readonly data: RawBuilder<unknown>;
    readonly from: RawBuilder<unknown>;
  },
): RawBuilder<unknown> {
  return sql`insert into events (type, project, subject, actor, data)
    select ${type}::text, ${event.project}, ${event.subject}, ${event.actor}, ${event.data}
    from ${event.from}`;
}

/** PostgreSQL stores no NUL and no unpaired surrogate; a name with one must not fail a job. */
function storable<T>(value: T): T {
  return typeof value === 'string'
    ? (value.toWellFormed().replaceAll('\0', '\u{2400}') as T & string)
    : value;
}
