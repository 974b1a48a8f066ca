/** Events of notifications. */
import type { EventKind } from '../core/event-kind.ts';

export const notificationEvents = {
  'notification.target_added': {
    subject: 'notification',
    audited: true,
    summary: 'A target of notifications was added',
  },
  'notification.target_changed': {
    subject: 'notification',
    audited: true,
    summary: 'A target of notifications was changed',
  },
  'notification.target_removed': {
    subject: 'notification',
    audited: true,
    summary: 'A target of notifications was removed',
  },
  'notification.target_paused': {
    subject: 'notification',
    audited: false,
    summary: 'A target of notifications failed for so long that nothing is sent to it any more',
  },
  'notification.target_resumed': {
    subject: 'notification',
    audited: true,
    summary: 'A paused target of notifications is used again',
  },
  'notification.tested': {
    subject: 'notification',
    audited: true,
    summary: 'A test notification was sent',
  },
  'notification.dead_lettered': {
    subject: 'notification',
    audited: false,
    summary: 'Events could not be delivered to a target of notifications and became dead letters',
  },
  'notification.replayed': {
    subject: 'notification',
    audited: true,
    summary: 'Deliveries to a target of notifications are sent again on request of a user',
  },
} as const satisfies Record<string, EventKind>;
