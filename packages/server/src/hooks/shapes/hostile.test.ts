/** Any content of an authentic sender gives events that can be looked up, or a reason. */
import { hookKindNames } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { hookLimits } from '../limits.ts';
import { readRecordedRequests } from '../testing/recorded-requests.ts';
import { shapes } from './all-shapes.ts';
import type { Notification } from './notification.ts';

const recorded = readRecordedRequests().filter(({ expected }) => expected.events.length > 0);

function read(kind: (typeof hookKindNames)[number], content: Buffer): Notification {
  const sample = recorded.find((one) => one.kind === kind);
  const headers = sample?.request.headers ?? {};
  return shapes[kind]({ headers, content, registry: sample?.registry ?? '' });
}

/** The fields that senders use, with values that they do not. */
const fieldNames = [
  ...['events', 'action', 'target', 'repository', 'tag', 'digest', 'mediaType', 'actor', 'id'],
  ...['push_data', 'event_data', 'data', 'resources', 'retention', 'package', 'registry_package'],
  ...['package_version', 'container_metadata', 'updated_tags', 'namespace', 'message', 'detail'],
  ...['type', 'name', 'version', 'component', 'asset', 'domain', 'owner', 'login', 'sender'],
];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.string(),
    fc.constantFrom(
      'push',
      'delete',
      'docker',
      'container',
      '',
      '__proto__',
      '../..',
      'a'.repeat(300),
    ),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fieldNames), tie('any'), { maxKeys: 6 }),
  ),
})).any;

test.each(hookKindNames)('%s reads any JSON without failing', (kind) => {
  fc.assert(
    fc.property(value, (body) => {
      const { events, ignored } = read(kind, Buffer.from(JSON.stringify(body)));
      return events.length + ignored.length > 0;
    }),
    { numRuns: 300 },
  );
});

test.each(hookKindNames)('%s has a reason for a body that is not JSON', (kind) => {
  for (const body of ['', '[]', '"text"', '{', 'null', '\u{feff}{}', '['.repeat(100_000)]) {
    const { events, ignored } = read(kind, Buffer.from(body));
    expect(events).toEqual([]);
    expect(ignored).toEqual([{ reason: expect.any(String), unknown: true }]);
  }
  expect(read(kind, Buffer.from([0x7b, 0xff, 0x7d])).ignored[0]?.unknown).toBe(true);
});

test('names that no registry can have are unknown, with the name in quotes', () => {
  const push = (target: object): Notification =>
    read('distribution', Buffer.from(JSON.stringify({ events: [{ action: 'push', target }] })));
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(push({ repository: '../../etc', digest, tag: 'v1' }).ignored).toEqual([
    { reason: 'invalid repository name "../../etc"', unknown: true },
  ]);
  expect(push({ repository: 'a', digest, tag: 'v1/../x' }).ignored).toEqual([
    { reason: 'invalid tag "v1/../x"', unknown: true },
  ]);
  expect(push({ repository: 'a', digest: 'md5:00', tag: 'v1' }).ignored).toEqual([
    { reason: 'invalid digest "md5:00"', unknown: true },
  ]);
  expect(push({ digest, tag: 'v1' }).ignored).toEqual([
    { reason: 'push without a repository', unknown: true },
  ]);
});

test('control characters of an actor are replaced and its length is bounded', () => {
  const event = {
    action: 'push',
    target: { repository: 'a', tag: 'v1' },
    actor: { name: `\u{1b}[31m${'x'.repeat(1_000)}` },
  };
  const { events } = read('distribution', Buffer.from(JSON.stringify({ events: [event] })));
  expect(events[0]?.actor).toBe(`\u{fffd}[31m${'x'.repeat(hookLimits.textChars - 5)}`);
});

test('an envelope with more events than the limit is unknown as a whole, and says so', () => {
  const event = { action: 'push', target: { repository: 'a', tag: 'v1' } };
  const many = (count: number): Notification =>
    read(
      'distribution',
      Buffer.from(JSON.stringify({ events: Array.from({ length: count }, () => event) })),
    );
  expect(many(hookLimits.eventsPerDelivery).events).toHaveLength(hookLimits.eventsPerDelivery);
  expect(many(hookLimits.eventsPerDelivery + 1)).toEqual({
    events: [],
    ignored: [{ reason: '1001 events in one request (limit 1000)', unknown: true }],
  });
});
