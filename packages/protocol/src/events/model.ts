/** Event: something that happened, in one append-only outbox; and the audit log made from it. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import type { SubjectKind } from '../core/event-kind.ts';
import { identifier, sha256, slug, timestamp } from '../core/fields.ts';
import { type EventType, eventKinds } from '../event-kinds.ts';
import { digest } from '../reports/report.ts';

export const eventType = z.enum(Object.keys(eventKinds) as [EventType, ...EventType[]]);

/** The form of a subject, by what it identifies. */
export const subjectSchemas: Readonly<Record<SubjectKind, z.ZodType<string>>> = {
  artifact: sha256,
  engine: slug,
  /** Name of the machine that a process runs on. */
  host: z.string().min(1),
  image: digest,
  inspection: identifier,
  job: identifier,
  /** Name of a manifest file in the watched directory. */
  manifest: z.string().min(1),
  node: z.string().min(1),
  project: slug,
  token: identifier,
  user: slug,
};

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
