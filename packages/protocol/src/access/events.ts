/** What happens to users, projects, tokens and sessions. */
import type { EventKind } from '../core/event-kind.ts';

export const accessEvents = {
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
} as const satisfies Record<string, EventKind>;
