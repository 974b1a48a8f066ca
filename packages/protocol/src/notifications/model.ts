/**
 * Targets of notifications, and deliveries: one event for one target. Deliveries are stored with
 * the event, sent in order, and become dead letters when they cannot be delivered.
 */
import { z } from 'zod';

import { identifier, slug, timestamp } from '../core/fields.ts';
import { event, eventType } from '../events/model.ts';
import { targetKinds, targetSettings } from './settings.ts';

export const targetName: z.ZodString = slug;

export const targetRequest = targetSettings.extend({
  name: targetName.describe('Name of the target'),
  kind: z.enum(targetKinds).describe('How events are sent'),
});
export type TargetRequest = z.output<typeof targetRequest>;

export const targetStates = ['healthy', 'failing', 'paused', 'disabled'] as const;
export type TargetState = (typeof targetStates)[number];

export const notificationTarget = z.object({
  name: targetName,
  kind: z.enum(targetKinds),
  settings: targetSettings.extend({
    digest: z.number().describe('Seconds'),
    rotateSize: z.number().int().describe('Bytes'),
  }),
  source: z.enum(['api', 'file']).describe('`file`: defined in the configuration file'),
  state: z
    .enum(targetStates)
    .describe(
      '`failing` while attempts fail, with growing delays between them; `paused` after failing ' +
        'for long: nothing is sent until it is resumed, and new events wait',
    ),
  problem: z
    .object({
      detail: z.string(),
      since: timestamp,
      failures: z.number().int().describe('Failed attempts in a row'),
      retryAt: timestamp.nullable().describe('Time of the next attempt; null while it is paused'),
    })
    .nullable(),
  counts: z.object({
    queued: z.number().int().describe('Deliveries that wait'),
    delivered: z.number().int().describe('Deliveries since the target was added'),
    dead: z.number().int().describe('Dead letters that are stored'),
    failed: z.number().int().describe('Failed attempts since the target was added'),
  }),
  oldestQueuedAt: timestamp.nullable(),
  lastDeliveredAt: timestamp.nullable(),
  createdBy: z.string(),
  createdAt: timestamp,
  changedAt: timestamp,
});
export type NotificationTarget = z.output<typeof notificationTarget>;

export const notificationStates = ['queued', 'delivered', 'dead'] as const;
export type NotificationState = (typeof notificationStates)[number];

/** One event for one target. */
export const notification = z.object({
  id: identifier.describe('The same in every attempt: the header webhook-id'),
  target: targetName,
  type: eventType,
  subject: z.string(),
  project: z.string().nullable(),
  state: z.enum(notificationStates).describe('`dead`: a dead letter, which can be replayed'),
  reason: z.string().nullable().describe('Why the last attempt failed'),
  status: z.number().int().nullable().describe('Status with which the receiver answered last'),
  attempts: z.number().int(),
  happenedAt: timestamp.describe('Time of the event'),
  queuedAt: timestamp,
  attemptedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
});
export type Notification = z.output<typeof notification>;

export const notificationDetail = notification.extend({ event });
export type NotificationDetail = z.output<typeof notificationDetail>;

/** The result of a test. */
export const targetTest = z.object({
  ok: z.boolean(),
  status: z.number().int().nullable().describe('Status with which the receiver answered'),
  detail: z.string(),
  durationMs: z.number().int(),
});
export type TargetTest = z.output<typeof targetTest>;
