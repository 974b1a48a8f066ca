/** HTTP: the stream of events, and the audit log. */
import {
  events,
  Problem,
  type AuditEntry,
  type Event,
  type OperationInput,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../db/index.ts';
import {
  invalidCursor,
  route,
  type CallContext,
  type OutgoingEvent,
  type Route,
} from '../http/index.ts';
import { holds, inScope, projectsWith, type Principal } from '../principal.ts';
import { countAudit, listAudit, readAudit, verifyAudit } from './audit.ts';
import { eventLimits } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { EventFilter, StoredEvent } from './store.ts';

export interface EventRoutesOptions {
  readonly outbox: Outbox;
  readonly database: Kysely<Database>;
}

type StreamQuery = OperationInput<typeof events.stream>['query'];

/** The routes of events and audit. */
export function eventRoutes(options: EventRoutesOptions): Route[] {
  const { database } = options;
  return [
    route(events.stream, ({ query }, context) => stream(options, { query, context })),
    route(events.auditList, ({ query }) => {
      const { limit, cursor, ...filter } = query;
      return listAudit(database, filter, { limit, before: parseNumber(cursor) });
    }),
    route(events.auditExport, () => exportAudit(database)),
    route(events.auditVerify, () => verifyAudit(database)),
  ];
}

function parseNumber(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw invalidCursor();
}

async function exportAudit(database: Kysely<Database>): Promise<AsyncIterable<string>> {
  const entries = await countAudit(database);
  if (entries > eventLimits.auditExportRows) {
    throw new Problem(
      'payload_too_large',
      `expected at most ${eventLimits.auditExportRows} entries in one export, the log has ${entries}; ` +
        'copy the table audit from the database instead',
    );
  }
  return toLines(readAudit(database));
}

async function* toLines(entries: AsyncIterable<AuditEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}

/** The visible projects of the caller, restricted to the requested ones. */
function scopeFilter(principal: Principal, query: StreamQuery): EventFilter {
  const { project, type, subject } = query;
  const readable = projectsWith(principal, 'events.read');
  if (project !== undefined && !inScope(readable, project)) {
    throw new Problem('not_found', `there is no project ${project} that you can see`);
  }
  return {
    projects: project === undefined ? readable : [project],
    instance: project === undefined && holds(principal, 'audit.read'),
    ...(type === undefined ? {} : { types: type }),
    ...(subject === undefined ? {} : { subject }),
  };
}

async function* stream(
  options: EventRoutesOptions,
  { query, context }: { query: StreamQuery; context: CallContext },
): AsyncGenerator<OutgoingEvent> {
  const { signal } = context;
  const lastId = context.headers['last-event-id'];
  const after = (typeof lastId === 'string' && lastId !== '' ? lastId : undefined) ?? query.after;
  const filter = (): EventFilter => scopeFilter(context.principal, query);
  // A project that is not visible is an error response, not an empty stream.
  filter();
  for await (const event of options.outbox.subscribe({ filter, after, signal })) {
    yield { id: event.cursor, event: event.type, data: describeEvent(event) };
  }
}

function describeEvent(event: StoredEvent): Event {
  const { cursor, type, at, project, subject, actor, data } = event;
  return { cursor, type, at: at.toISOString(), project, subject, actor, data };
}
