/** Every recorded request is authenticated and read as its documentation says. */
import { hookKindNames } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { authenticate } from '../authenticate.ts';
import {
  credentialOf,
  readRecordedRequests,
  type RecordedRequest,
} from '../testing/recorded-requests.ts';
import { shapes } from './all-shapes.ts';
import type { Notification } from './notification.ts';

const recorded = readRecordedRequests();

function read(one: RecordedRequest): Notification {
  const { credential, nowMs } = credentialOf(one);
  const checked = authenticate(one.request, credential, nowMs);
  if (!checked.authentic)
    return { events: [], ignored: [{ reason: 'not authentic', unknown: false }] };
  const { headers } = one.request;
  return shapes[one.kind]({ headers, content: checked.content, registry: one.registry });
}

test('requests of every kind are recorded', () => {
  expect(recorded).toHaveLength(108);
  expect(new Set(recorded.map(({ kind }) => kind))).toEqual(new Set(hookKindNames));
});

test.each(recorded.map((one) => [one.name, one] as const))('%s is read as expected', (_, one) => {
  const { events, ignored } = read(one);
  const { expected } = one;
  const original = expected.ignored[0]?.duplicateOf;
  if (original !== undefined) {
    const folder = one.name.split('/')[0];
    const first = recorded.find(({ name }) => name === `${folder}/${original}`);
    if (first === undefined) throw new Error(`no ${original}`);
    // The same id, so the receiver counts it once.
    expect(events.map(({ eventId }) => eventId)).toEqual(read(first).events.map((e) => e.eventId));
    expect(events[0]?.eventId).toBeTypeOf('string');
    return;
  }
  const fields = events.map(({ eventId: _id, occurredAt: _at, ...event }) => event);
  expect(fields).toEqual(expected.events);
  expect(ignored.map(({ reason }) => ({ reason }))).toEqual(expected.ignored);
});

test('a type prefix that the operator of zot chose is read like the usual one', () => {
  const one = recorded.find(({ name }) => name === 'zot/push-tag.http');
  if (one === undefined) throw new Error('no zot/push-tag.http');
  const headers = { ...one.request.headers, 'ce-type': ['com.example.lab.image.updated'] };
  const renamed = { ...one, request: { ...one.request, headers } };
  expect(read(renamed).events).toEqual(read(one).events);
});

test('only what no sender is known to send is unknown', () => {
  const unknown = recorded.filter((one) => read(one).ignored.some((item) => item.unknown));
  expect(unknown.map(({ name }) => name)).toEqual(['google-artifact-registry/not-json.http']);
});
