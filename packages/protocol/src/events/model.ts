/** Event: an entry of the append-only outbox; and the audit log made from it. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import type { SubjectKind } from '../core/event-kind.ts';
import { identifier, sha256, slug, timestamp } from '../core/fields.ts';
import { type EventType, eventKinds } from '../event-kinds.ts';
import { digest } from '../reports/digest.ts';

export const eventType = z.enum(Object.keys(eventKinds) as [EventType, ...EventType[]]);

/** The format of a subject, by what it identifies. */
export const subjectSchemas: Readonly<Record<SubjectKind, z.ZodType<string>>> = {
  action: identifier,
  arrival: identifier,
  artifact: sha256,
  decision: identifier,
  engine: slug,
  exception: identifier,
  file: sha256,
  hook: slug,
  host: z.string().min(1).describe('Host name of a process'),
  image: digest,
  inspection: identifier,
  job: identifier,
  manifest: z.string().min(1).describe('Name of a manifest file in the watched directory'),
  node: z.string().min(1),
  policy: slug,
  notification: slug.describe('Name of a target of notifications'),
  project: slug,
  reference: z.string().min(1).describe('Reference of an image: HOST/REPOSITORY[:TAG]@DIGEST'),
  registry: slug,
  script: slug,
  tag: z.string().min(1).describe('Reference of a tag: HOST/REPOSITORY:TAG'),
  token: identifier,
  user: slug,
};

export const event = z.object({
  cursor: z.string().describe('Position in the stream; resumes a stream after this event'),
  type: eventType,
  at: timestamp,
  project: projectName.nullable(),
  subject: z.string().describe('Subject of the event: a job ID, an engine name, a user name, ...'),
  actor: z.string().describe('Who caused it: a user, or a component of Lazaret'),
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
  previous: z.string().describe('Hash of the previous entry'),
  hash: z.string().describe('SHA-256 over `previous` and the canonical JSON of all other fields'),
});
export type AuditEntry = z.output<typeof auditEntry>;
