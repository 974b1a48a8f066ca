/** Push notifications of registries: hostile bodies and requests. */
import { hookKindNames, type HookKind } from '@lazaret/protocol';

import { authenticate } from '../../../packages/server/src/hooks/authenticate.ts';
import { hookLimits } from '../../../packages/server/src/hooks/limits.ts';
import { shapes } from '../../../packages/server/src/hooks/shapes/all-shapes.ts';
import type { Notification } from '../../../packages/server/src/hooks/shapes/notification.ts';
import {
  credentialOf,
  readRecordedRequests,
  type RecordedRequest,
} from '../../../packages/server/src/hooks/testing/recorded-requests.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const recorded = readRecordedRequests();
const hooks = 'packages/server/src/hooks/';

export const notificationTargets: readonly FuzzTarget[] = [
  ...hookKindNames.map((kind) => shapeTarget(kind)),
  {
    name: 'notification-authentication',
    files: [`${hooks}authenticate`, `${hooks}google-token`],
    seeds: () => recorded.map(({ request }) => request.body),
    run: refuseOtherBodies,
    weight: 0.5,
  },
];

function shapeTarget(kind: HookKind): FuzzTarget {
  const own = recorded.filter((one) => one.kind === kind && one.expected.authentic);
  const [first] = own;
  const headers = first?.request.headers ?? {};
  const registry = first?.registry ?? '';
  return {
    name: `notification:${kind}`,
    files: [`${hooks}shapes/${kind}`, `${hooks}shapes/notification`, `${hooks}shapes/fields`],
    seeds: () => own.map((one) => contentOf(one)),
    run: (bytes) => {
      checkNotification(shapes[kind]({ headers, content: bytes, registry }), bytes);
    },
    weight: 0.3,
  };
}

function contentOf(one: RecordedRequest): Buffer {
  const { credential, nowMs } = credentialOf(one);
  const answer = authenticate(one.request, credential, nowMs);
  return answer.authentic ? answer.content : one.request.body;
}

/** Whatever was sent: names that can be looked up, bounded texts, and a reason for the rest. */
function checkNotification({ events, ignored }: Notification, bytes: Buffer): void {
  promise(events.length + ignored.length > 0, 'neither an event nor a reason');
  promise(events.length <= hookLimits.eventsPerDelivery, 'more events than allowed');
  promise(events.length <= bytes.length, 'more events than bytes');
  for (const { repository, tag, digest, mediaType, actor, eventId, occurredAt } of events) {
    const url = new URL(`https://lab.example.test/v2/${repository}/manifests/${tag ?? digest}`);
    const path = `/v2/${repository}/manifests/${tag ?? digest}`;
    promise(url.pathname === path && url.search === '', `the path ${url.pathname}`);
    for (const text of [mediaType, actor, eventId, occurredAt]) {
      promise((text ?? '').length <= 4 * hookLimits.textChars, 'text beyond the limit');
      promise(!/\p{Cc}/u.test(text ?? ''), 'a control character');
    }
  }
  for (const { reason } of ignored) promise(reason.length < 1_000, 'a reason beyond the limit');
}

/** A signature of another body never fits. */
function refuseOtherBodies(bytes: Buffer): void {
  for (const one of recorded) {
    if (one.auth.kind !== 'hmac' || bytes.equals(one.request.body)) continue;
    const { credential, nowMs } = credentialOf(one);
    const { authentic } = authenticate({ ...one.request, body: bytes }, credential, nowMs);
    // A form is signed by its payload alone.
    const payload = new URLSearchParams(one.request.body.toString('latin1')).get('payload');
    const isSamePayload =
      payload !== null && new URLSearchParams(bytes.toString('latin1')).get('payload') === payload;
    promise(!authentic || isSamePayload, `${one.name} signs another body`);
  }
}
