/**
 * One event in the form of CNCF Distribution, which GitLab and Azure send too. `target.url` and
 * `request.host` are what the client called, so they are never read.
 */
import { isRecord, mediaTypes } from '@lazaret/oci';

import { hookLimits } from '../limits.ts';
import { objectOf, readObject, textOf, timeOf, type Fields } from './fields.ts';
import {
  checkEvent,
  ignore,
  notification,
  quote,
  unknown,
  type IgnoredEvent,
  type Notification,
  type RegistryEvent,
  type ShapeRequest,
} from './notification.ts';

/** Manifests that are recognised, and reported by the inspection, although they are obsolete. */
const oldManifests: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.oci.artifact.manifest.v1+json',
]);

/** Reads `{events: [...]}`. */
export function readEnvelope({ content }: ShapeRequest): Notification {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const { events } = body;
  // `{}` is what an empty envelope looks like.
  if (Object.keys(body).length === 0) return notification([ignore('no events')]);
  if (!Array.isArray(events)) {
    const isPush = textOf(body, 'object_kind') !== null && textOf(body, 'ref') !== null;
    return notification([
      isPush
        ? ignore('Git push, not a registry event')
        : unknown('expected an object with the list "events"'),
    ]);
  }
  if (events.length === 0) return notification([ignore('no events')]);
  if (events.length > hookLimits.eventsPerDelivery) {
    return notification([
      unknown(`${events.length} events in one request (limit ${hookLimits.eventsPerDelivery})`),
    ]);
  }
  return notification(events.map((event: unknown) => readDistributionEvent(event)));
}

/** One event of the list. */
export function readDistributionEvent(event: unknown): RegistryEvent | IgnoredEvent {
  if (!isRecord(event)) return unknown('an event is not an object');
  const action = textOf(event, 'action') ?? '';
  const target = objectOf(event, 'target');
  switch (action) {
    case 'push':
    case 'delete':
      return readTarget(event, target, action);
    case 'pull':
      return ignore('pull');
    case 'mount':
      return ignore('mount of a blob');
    default:
      return unknown(`unknown action ${quote(action)}`);
  }
}

function readTarget(
  event: Fields,
  target: Fields | undefined,
  action: RegistryEvent['action'],
): RegistryEvent | IgnoredEvent {
  const mediaType = textOf(target, 'mediaType');
  const tag = textOf(target, 'tag');
  // Only manifests have tags; of the rest, the media type says what is a manifest.
  if (mediaType !== null && tag === null && !isManifest(mediaType)) {
    return ignore('blob, not a manifest');
  }
  return checkEvent({
    action,
    repository: textOf(target, 'repository'),
    tag,
    digest: textOf(target, 'digest'),
    mediaType,
    actor: textOf(objectOf(event, 'actor'), 'name'),
    eventId: textOf(event, 'id'),
    occurredAt: timeOf(event, 'timestamp'),
  });
}

function isManifest(mediaType: string): boolean {
  return mediaTypes.documents.has(mediaType) || oldManifests.has(mediaType);
}
