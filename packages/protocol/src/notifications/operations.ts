/** Operations on targets of notifications, and on deliveries to them. */
import { z } from 'zod';

import { identifier, page, paging, queryList } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { eventType } from '../events/model.ts';
import {
  notification,
  notificationDetail,
  notificationStates,
  notificationTarget,
  targetName,
  targetRequest,
  targetStates,
  targetTest,
} from './model.ts';
import { targetChange } from './settings.ts';

const byName = z.object({ name: targetName.describe('Name of the target') });
const byId = z.object({ id: identifier.describe('ID of the delivery') });
const access = 'notifications.manage';

export const notificationTags = {
  notifications: {
    title: 'Notifications',
    description: 'Targets that are notified of events, and the deliveries to them.',
  },
} as const satisfies Record<string, OperationTag>;

export const notifications = {
  list: defineOperation({
    name: 'notifications.list',
    method: 'GET',
    path: '/api/v1/notification-targets',
    summary: 'List targets of notifications with their state',
    access,
    query: z.object({
      ...paging,
      state: queryList(z.enum(targetStates)).optional().describe('Only targets in this state'),
    }),
    output: page(notificationTarget),
    cli: {
      command: 'notifications list',
      columns: [
        ...['name', 'kind', 'state', 'settings.events', 'counts.queued', 'counts.delivered'],
        ...['counts.dead', 'lastDeliveredAt', 'problem.detail'],
      ],
    },
  }),
  add: defineOperation({
    name: 'notifications.add',
    method: 'POST',
    path: '/api/v1/notification-targets',
    summary: 'Add a target that is notified of events from now on',
    description:
      'Secrets are references: the server reads them at each use and never stores them. Files must ' +
      'be in the directory `notifications` of the data directory, and variables must begin with ' +
      '`NOTIFICATION_`; the configuration file of the server may name any.',
    access,
    status: 201,
    body: targetRequest,
    output: notificationTarget,
    errors: ['already_exists'],
    cli: { command: 'notifications add', positional: ['name', 'kind'] },
  }),
  show: defineOperation({
    name: 'notifications.show',
    method: 'GET',
    path: '/api/v1/notification-targets/:name',
    summary: 'Show a target of notifications',
    access,
    params: byName,
    output: notificationTarget,
    errors: ['not_found'],
    cli: { command: 'notifications show' },
  }),
  update: defineOperation({
    name: 'notifications.update',
    method: 'PATCH',
    path: '/api/v1/notification-targets/:name',
    summary: 'Change settings of a target; lists are replaced. Waiting deliveries are sent at once',
    access,
    params: byName,
    body: targetChange,
    output: notificationTarget,
    errors: ['not_found', 'conflict'],
    cli: { command: 'notifications update' },
  }),
  remove: defineOperation({
    name: 'notifications.remove',
    method: 'DELETE',
    path: '/api/v1/notification-targets/:name',
    summary: 'Remove a target with its deliveries, also those that wait',
    access,
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'notifications remove', confirm: true },
  }),
  test: defineOperation({
    name: 'notifications.test',
    method: 'POST',
    path: '/api/v1/notification-targets/:name/test',
    summary: 'Send a test notification to a target now, and report the answer',
    description:
      'Sends an event of the type `notification.tested` as any other, but does not retry it. A ' +
      'paused target is resumed when the test succeeds.',
    access,
    params: byName,
    output: targetTest,
    errors: ['not_found'],
    cli: { command: 'notifications test' },
  }),
  resume: defineOperation({
    name: 'notifications.resume',
    method: 'POST',
    path: '/api/v1/notification-targets/:name/resume',
    summary: 'Send to a failing or paused target at once',
    access,
    params: byName,
    output: notificationTarget,
    errors: ['not_found'],
    cli: { command: 'notifications resume' },
  }),
  deliveries: defineOperation({
    name: 'notifications.deliveries',
    method: 'GET',
    path: '/api/v1/notification-deliveries',
    summary: 'List deliveries to targets of notifications, newest first',
    access,
    query: z.object({
      ...paging,
      target: targetName.optional().describe('Only deliveries to this target'),
      state: queryList(z.enum(notificationStates))
        .optional()
        .describe('Only deliveries in this state; `dead` are dead letters'),
      type: queryList(eventType).optional().describe('Only deliveries of this type of event'),
    }),
    output: page(notification),
    cli: {
      command: 'notifications deliveries',
      columns: [
        ...['id', 'target', 'type', 'subject', 'state', 'attempts', 'status', 'queuedAt'],
        'reason',
      ],
    },
  }),
  delivery: defineOperation({
    name: 'notifications.delivery',
    method: 'GET',
    path: '/api/v1/notification-deliveries/:id',
    summary: 'Show a delivery with its event',
    access,
    params: byId,
    output: notificationDetail,
    errors: ['not_found'],
    cli: { command: 'notifications delivery' },
  }),
  replay: defineOperation({
    name: 'notifications.replay',
    method: 'POST',
    path: '/api/v1/notification-deliveries/:id/replay',
    summary: 'Send a delivery again, for instance a dead letter',
    description: 'It has the same ID as before, by which a receiver recognizes a repetition.',
    access,
    status: 202,
    params: byId,
    output: notification,
    errors: ['not_found', 'conflict'],
    cli: { command: 'notifications replay' },
  }),
  replayAll: defineOperation({
    name: 'notifications.replayAll',
    method: 'POST',
    path: '/api/v1/notification-targets/:name/replay',
    summary: 'Send all dead letters of a target again, the oldest first',
    access,
    status: 202,
    params: byName,
    output: z.object({ replayed: z.number().int() }),
    errors: ['not_found'],
    cli: { command: 'notifications replay-all' },
  }),
} as const;
