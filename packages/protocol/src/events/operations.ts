/** Operations on the event stream and the audit log. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, page, paging, queryList } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { auditEntry, event, eventType } from './model.ts';
import { limits } from '../limits.ts';

const auditFilter = {
  type: queryList(eventType).optional().describe('Only events of this type'),
  actor: line(limits.nameChars).optional().describe('Only events caused by this user or component'),
  subject: line(limits.nameChars)
    .optional()
    .describe('Only events about this job, engine, user or other subject'),
} as const;

export const eventTags = {
  events: { title: 'Events', description: 'A stream of events.' },
  audit: {
    title: 'Audit log',
    description: 'A tamper-evident log of who did what.',
  },
} as const satisfies Record<string, OperationTag>;

export const events = {
  stream: defineOperation({
    name: 'events.stream',
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Stream events, from now or after `Last-Event-ID`',
    access: 'events.read',
    query: z.object({
      project: projectName.optional().describe('Only events of this project'),
      type: queryList(eventType).optional().describe('Only events of this type'),
      subject: line(limits.nameChars)
        .optional()
        .describe('Only events about this job, engine, user or other subject'),
      after: z
        .string()
        .max(limits.urlParameterChars)
        .optional()
        .describe('Same as the Last-Event-ID header, for clients that cannot set it'),
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
    summary: 'List audit log entries, newest first',
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
    summary: 'Export the whole audit log as JSON lines, oldest first',
    access: 'audit.read',
    outputKind: 'text',
  }),
  auditVerify: defineOperation({
    name: 'audit.verify',
    method: 'GET',
    path: '/api/v1/audit/verify',
    summary: 'Verify the hash chain of the audit log',
    access: 'audit.read',
    output: z.object({
      intact: z.boolean(),
      entries: z.number().int(),
      head: z
        .string()
        .describe('Hash of the last entry. Store it elsewhere: any later log must contain it.'),
      brokenAt: z.number().int().nullable(),
      detail: z.string(),
    }),
  }),
} as const;
