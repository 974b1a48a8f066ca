/** Push notifications of registries: hostile bodies and requests. */
import { createHmac } from 'node:crypto';

import { hookKindNames, type HookKind } from '@lazaret/protocol';

import { authenticate, signatureForms } from '../../../packages/server/src/hooks/authenticate.ts';
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
    seeds: () => recorded.flatMap((one) => secretsOf(one).map((secret) => joinLine(secret, one))),
    run: checkAuthentication,
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

/** The first line of an input is the secret or the signature, the rest is the body. */
function joinLine(secret: string, { request }: RecordedRequest): Buffer {
  return Buffer.concat([Buffer.from(`${secret}\n`), request.body]);
}

function secretsOf(one: RecordedRequest): readonly string[] {
  const header = headerOf(one);
  return header === undefined ? [] : (one.request.headers[header] ?? []);
}

function headerOf({ auth }: RecordedRequest): string | undefined {
  if (auth.kind === 'path') return undefined;
  return auth.kind === 'jwt' ? 'authorization' : auth.header.toLowerCase();
}

/** One of each way to authenticate. */
const senders = ['zot/push-tag.http', 'gitea/push-form.http', 'github/push-form.http'].concat(
  'nexus/push-tag.http',
  'google-artifact-registry/push-tag.http',
);

/** Whatever is sent, only the secret, a signature of the body or a token of the key is accepted. */
function checkAuthentication(bytes: Buffer): void {
  const end = bytes.indexOf(0x0a);
  const secret = bytes.subarray(0, Math.max(0, end)).toString('latin1');
  const body = bytes.subarray(end + 1);
  for (const one of recorded.filter(({ name }) => senders.includes(name))) {
    const header = headerOf(one) ?? '';
    const headers = { ...one.request.headers, [header]: [secret] };
    const { credential, nowMs } = credentialOf(one);
    const answer = authenticate({ ...one.request, headers, body }, credential, nowMs);
    if (!answer.authentic) {
      promise(answer.reason !== '', 'a refusal without a reason');
      continue;
    }
    promise(isAuthentic(one, { secret, body, content: answer.content }), `${one.name} is forged`);
  }
}

function isAuthentic(
  { auth, kind }: RecordedRequest,
  sent: { readonly secret: string; readonly body: Buffer; readonly content: Buffer },
): boolean {
  if (auth.kind === 'header') return sent.secret === auth.value;
  if (auth.kind === 'hmac') {
    const { algorithm = 'sha256', prefix = '', over = 'body' } = signatureForms[kind] ?? {};
    const signed = over === 'payload' ? sent.content : sent.body;
    const digits = createHmac(algorithm, auth.key).update(signed).digest('hex');
    return sent.secret.toLowerCase() === `${prefix}${digits}`;
  }
  // The last characters of a signature in base64 have bits without a meaning.
  const [head, claims] = sent.secret.split('.');
  return tokens.some((token) => token.startsWith(`${head}.${claims}.`));
}

const tokens = recorded.flatMap((one) => (one.auth.kind === 'jwt' ? secretsOf(one) : []));
