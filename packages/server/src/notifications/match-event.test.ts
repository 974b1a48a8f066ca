import { targetSettings, type TargetSettings } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import type { StoredEvent } from '../floor/events/index.ts';
import { checkSettings } from './check-settings.ts';
import { createMatcher } from './match-event.ts';

const settings = (more: Partial<TargetSettings>): TargetSettings => ({
  ...targetSettings.parse({ events: ['*'] }),
  ...more,
});

function event(type: StoredEvent['type'], more: Partial<StoredEvent> = {}): StoredEvent {
  const position = { transaction: 1n, id: 1n };
  const common = { project: 'red', subject: 'x', actor: 'a', data: {}, at: new Date(0) };
  return { position, cursor: '1.1', type, ...common, ...more };
}

const decision = event('decision.recorded', {
  data: {
    ...{ registry: 'lab', verdict: 'fail', inspected: 'malicious', action: 'quarantine' },
    actions: [
      { action: 'notify', state: 'apply' },
      { action: 'quarantine', state: 'apply' },
      { action: 'delete', state: 'dry-run' },
    ],
  },
});

test.each<[Partial<TargetSettings>, boolean]>([
  [{}, true],
  [{ events: ['decision.*'] }, true],
  [{ events: ['decision.recorded', 'job.*'] }, true],
  [{ events: ['job.*'] }, false],
  [{ projects: ['blue', 'red'] }, true],
  [{ projects: ['blue'] }, false],
  [{ registries: ['lab'] }, true],
  [{ registries: ['other'] }, false],
  [{ verdicts: ['malicious'] }, true],
  [{ verdicts: ['fail'] }, true],
  [{ verdicts: ['clean', 'pass'] }, false],
  [{ actions: ['notify'] }, true],
  [{ actions: ['quarantine'] }, true],
  [{ actions: ['delete'] }, false],
  [{ verdicts: ['fail'], registries: ['other'] }, false],
])('a decision with the filter %j is sent: %s', (filter, expected) => {
  expect(createMatcher('soc', settings(filter))(decision)).toBe(expected);
});

test('events without what a filter is about do not match', () => {
  const job = event('job.finished');
  expect(createMatcher('soc', settings({ verdicts: ['malicious'] }))(job)).toBe(false);
  expect(createMatcher('soc', settings({ actions: ['notify'] }))(job)).toBe(false);
  const ofInstance = event('node.changed', { project: null });
  expect(createMatcher('soc', settings({ projects: ['red'] }))(ofInstance)).toBe(false);
  const registry = event('registry.changed', { subject: 'lab' });
  expect(createMatcher('soc', settings({ registries: ['lab'] }))(registry)).toBe(true);
});

test('a target receives events about other targets, but not about itself', () => {
  const match = createMatcher('soc', settings({}));
  expect(match(event('notification.dead_lettered', { subject: 'other' }))).toBe(true);
  expect(match(event('notification.dead_lettered', { subject: 'soc' }))).toBe(false);
});

const webhook: Partial<TargetSettings> = { url: 'https://soc.example/' };
const mail = { server: 'mail.example', from: 'a@example.org', to: ['b@example.org'] };

test.each<['webhook' | 'email', Partial<TargetSettings>, string]>([
  ['webhook', {}, 'url: expected a value: a target of kind webhook needs it'],
  ['email', { ...mail, to: [] }, 'to: expected a value: a target of kind email needs it'],
  ['webhook', { ...webhook, digest: 60 }, 'digest: expected no value: only email targets have it'],
  ['email', { ...mail, url: 'https://x.example' }, 'url: expected no value: only webhook'],
  [
    'webhook',
    { ...webhook, events: ['job.*'], verdicts: ['malicious'] },
    'verdicts: expected a type of event with a verdict in events, such as image.inspected',
  ],
  ['webhook', { ...webhook, secrets: ['env:HOME'] }, 'begins with NOTIFICATION_, received HOME'],
])('%s with the settings %j is refused', (kind, given, message) => {
  const places = { variablePrefix: 'NOTIFICATION_', source: 'api' } as const;
  expect(() => checkSettings(kind, settings(given), places)).toThrow(message);
});

test('what belongs together is accepted', () => {
  const places = { variablePrefix: 'NOTIFICATION_', source: 'file' } as const;
  const all = { ...webhook, secrets: ['env:HOME'], verdicts: ['malicious'] as const };
  const accepted = settings({ ...all, verdicts: [...all.verdicts] });
  expect(() => checkSettings('webhook', accepted, places)).not.toThrow();
  expect(() => checkSettings('email', settings(mail), places)).not.toThrow();
});

test.each([
  ['job.finishd', 'did you mean job.finished?'],
  ['arival.*', 'did you mean arrival.*?'],
  ['**', 'expected a type of event'],
])('the pattern %s is refused with the nearest name', (pattern, message) => {
  const result = targetSettings.safeParse({ events: [pattern] });
  expect(result.error?.issues[0]?.message).toContain(message);
});

test.each([
  ['to', ['a@example.org, b@example.org'], 'an e-mail address'],
  ['from', 'a@example.org\r\nBcc: b@example.org', 'an e-mail address'],
  ['url', 'https://user:secret@soc.example/', 'without user and password'],
  ['url', 'file:///etc/passwd', 'https://'],
  ['server', 'mail.example/../x', 'HOST or HOST:PORT'],
  ['secrets', ['a plain secret'], 'file:PATH or env:NAME'],
])('the setting %s does not accept %j', (name, value, message) => {
  const result = targetSettings.safeParse({ events: ['*'], [name]: value });
  expect(JSON.stringify(result.error?.issues)).toContain(message);
});
