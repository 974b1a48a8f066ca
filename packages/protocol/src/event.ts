/** Event: something that happened, in one append-only outbox; and the audit log made from it. */
import { z } from 'zod';

import { projectName } from './access.ts';
import { line, page, paging, queryList, timestamp } from './fields.ts';
import { limits } from './limits.ts';
import { defineOperation } from './operation.ts';

interface EventKind {
  /** What the event is about. */
  readonly subject:
    | 'job'
    | 'inspection'
    | 'image'
    | 'engine'
    | 'node'
    | 'user'
    | 'project'
    | 'token'
    | 'session'
    | 'system';
  /** Whether it enters the audit log. */
  readonly audited: boolean;
  readonly summary: string;
}

export const eventKinds = {
  'job.submitted': { subject: 'job', audited: true, summary: 'A job was submitted' },
  'job.moved': { subject: 'job', audited: false, summary: 'A job moved to another state' },
  'job.finished': { subject: 'job', audited: false, summary: 'A job reached its final state' },
  'job.cancelled': { subject: 'job', audited: true, summary: 'Somebody cancelled a job' },
  'artifact.downloaded': {
    subject: 'job',
    audited: true,
    summary: 'Somebody downloaded a sample or a result',
  },
  'inspection.queued': {
    subject: 'inspection',
    audited: true,
    summary: 'Somebody asked for the inspection of an image',
  },
  'inspection.started': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection was begun',
  },
  'inspection.finished': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection reached its end',
  },
  'inspection.failed': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection came to nothing',
  },
  'inspection.cancelled': {
    subject: 'inspection',
    audited: true,
    summary: 'Somebody cancelled an inspection',
  },
  'image.inspected': { subject: 'image', audited: true, summary: 'An image got a new report' },
  'image.removed': {
    subject: 'image',
    audited: true,
    summary: 'What was stored of an image was removed',
  },
  'engine.added': { subject: 'engine', audited: true, summary: 'An engine got a new revision' },
  'engine.changed': {
    subject: 'engine',
    audited: true,
    summary: 'An engine was enabled, disabled or rolled back',
  },
  'engine.removed': { subject: 'engine', audited: true, summary: 'An engine was removed' },
  'engine.refused': { subject: 'engine', audited: false, summary: 'A manifest was refused' },
  'node.changed': { subject: 'node', audited: false, summary: 'A node went online or offline' },
  'node.scheduling': {
    subject: 'node',
    audited: true,
    summary: 'A node was cordoned or taken back',
  },
  'user.created': { subject: 'user', audited: true, summary: 'A user was added' },
  'user.changed': { subject: 'user', audited: true, summary: "A user's roles or state changed" },
  'user.removed': { subject: 'user', audited: true, summary: 'A user was removed' },
  'user.link': { subject: 'user', audited: true, summary: 'A one-time link was made' },
  'user.password': { subject: 'user', audited: true, summary: 'A password was set' },
  'project.created': { subject: 'project', audited: true, summary: 'A project was added' },
  'project.removed': { subject: 'project', audited: true, summary: 'A project was removed' },
  'token.created': { subject: 'token', audited: true, summary: 'An API token was made' },
  'token.revoked': { subject: 'token', audited: true, summary: 'An API token was revoked' },
  'session.created': { subject: 'session', audited: true, summary: 'Somebody signed in' },
  'session.ended': { subject: 'session', audited: true, summary: 'Somebody signed out' },
  'session.refused': { subject: 'session', audited: true, summary: 'A sign-in was refused' },
  'access.denied': {
    subject: 'user',
    audited: true,
    summary: 'A call was refused for lack of rights',
  },
  'system.started': { subject: 'system', audited: true, summary: 'Lazaret started' },
  'system.stopped': { subject: 'system', audited: true, summary: 'Lazaret stopped' },
} as const satisfies Record<string, EventKind>;
export type EventType = keyof typeof eventKinds;
const eventType = z.enum(Object.keys(eventKinds) as [EventType, ...EventType[]]);

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

const auditFilter = {
  type: queryList(eventType).optional(),
  actor: line(limits.nameChars).optional(),
  subject: line(limits.nameChars).optional(),
} as const;

export const events = {
  stream: defineOperation({
    name: 'events.stream',
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Stream what happens, from now or after `Last-Event-ID`',
    access: 'events.read',
    query: z.object({
      project: projectName.optional(),
      type: queryList(eventType).optional(),
      subject: line(limits.nameChars).optional(),
      /** As Last-Event-ID, for clients that cannot set the header. */
      after: z.string().max(limits.urlParameterChars).optional(),
    }),
    outputKind: 'events',
    output: event,
    errors: ['too_many_requests'],
    cli: { command: 'events' },
  }),
  auditList: defineOperation({
    name: 'audit.list',
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'Read the audit log, newest first',
    access: 'audit.read',
    query: z.object({ ...paging, ...auditFilter }),
    output: page(auditEntry),
    cli: {
      command: 'audit list',
      columns: ['number', 'at', 'type', 'actor', 'subject', 'project'],
    },
  }),
  auditExport: defineOperation({
    name: 'audit.export',
    method: 'GET',
    path: '/api/v1/audit/export',
    summary: 'The whole audit log, oldest first, one JSON object a line',
    access: 'audit.read',
    outputKind: 'text',
  }),
  auditVerify: defineOperation({
    name: 'audit.verify',
    method: 'GET',
    path: '/api/v1/audit/verify',
    summary: 'Recompute the hash chain of the audit log',
    access: 'audit.read',
    output: z.object({
      intact: z.boolean(),
      entries: z.number().int(),
      /** Keep it elsewhere: a later log must contain it. */
      head: z.string(),
      brokenAt: z.number().int().nullable(),
      detail: z.string(),
    }),
  }),
} as const;
