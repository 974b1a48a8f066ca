/** Event: something that happened, in one append-only outbox; and the audit log made from it. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { timestamp } from '../core/fields.ts';
import { type EventType, eventKinds } from '../event-kinds.ts';

export const eventType = z.enum(Object.keys(eventKinds) as [EventType, ...EventType[]]);

export const event = z.object({
  /** Resumes a stream after this event. */
  cursor: z.string(),
  type: eventType,
  at: timestamp,
  project: projectName.nullable(),
  /** What it is about: a job id, an engine or user name. */
  subject: z.string(),
  /** Who did it: a user, or a part of Lazaret. */
  actor: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type Event = z.output<typeof event>;

export const auditEntry = z.object({
  number: z.number().int(),
  type: eventType,
  at: timestamp,
  project: projectName.nullable(),
  subject: z.string(),
  actor: z.string(),
  data: z.record(z.string(), z.unknown()),
  /** SHA-256 of the entry before. */
  previous: z.string(),
  /** SHA-256 over `previous` and the canonical JSON of all other fields. */
  hash: z.string(),
});
export type AuditEntry = z.output<typeof auditEntry>;
