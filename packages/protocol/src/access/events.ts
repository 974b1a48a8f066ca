/** Events of users, projects, tokens and sessions. */
import type { EventKind } from '../core/event-kind.ts';

export const accessEvents = {
  'user.created': { subject: 'user', audited: true, summary: 'A user was added' },
  'user.changed': {
    subject: 'user',
    audited: true,
    summary: "A user's name, roles or state changed",
  },
  'user.removed': { subject: 'user', audited: true, summary: 'A user was removed' },
  'user.link': { subject: 'user', audited: true, summary: 'A one-time sign-in link was created' },
  'user.password': { subject: 'user', audited: true, summary: 'A password was set' },
  'project.created': { subject: 'project', audited: true, summary: 'A project was added' },
  'project.removed': { subject: 'project', audited: true, summary: 'A project was removed' },
  'token.created': { subject: 'token', audited: true, summary: 'An API token was created' },
  'token.revoked': { subject: 'token', audited: true, summary: 'An API token was revoked' },
  'session.created': { subject: 'user', audited: true, summary: 'A user signed in' },
  'session.ended': { subject: 'user', audited: true, summary: 'A user signed out' },
  'session.refused': { subject: 'user', audited: true, summary: 'A sign-in failed' },
  'access.denied': {
    subject: 'user',
    audited: true,
    summary: 'A request was denied for lack of permission',
  },
} as const satisfies Record<string, EventKind>;
