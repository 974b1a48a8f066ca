/**
 * The events of Harbor, which its two payload formats wrap differently. The field `tag` contains
 * the digest if there is no tag. A deletion names one tag of many, so the tag is not used.
 */
import { isRecord } from '@lazaret/oci';

import { hookLimits } from '../limits.ts';
import { listOf, objectOf, textOf, type Fields } from './fields.ts';
import {
  checkEvent,
  ignore,
  notification,
  unknown,
  type IgnoredEvent,
  type Notification,
  type RawEvent,
  type RegistryEvent,
} from './notification.ts';

export type HarborEventType = 'push' | 'delete' | 'retention' | IgnoredEvent;

/** What both formats have, wherever they have it. */
export interface HarborEvent {
  readonly type: HarborEventType;
  readonly data: Fields | undefined;
  readonly actor: string | null;
  readonly eventId: string | null;
  readonly occurredAt: string | number | null;
}

export function readHarborEvent(event: HarborEvent): Notification {
  const { type, data } = event;
  if (typeof type !== 'string') return notification([type]);
  if (data === undefined) return notification([unknown('the event has no data')]);
  const items =
    type === 'retention'
      ? listOf(objectOf(data, 'retention'), 'deleted_artifact')
      : listOf(data, 'resources');
  if (items === undefined) {
    return type === 'retention'
      ? notification([ignore('tag retention that deleted nothing')])
      : notification([unknown('expected the list "resources"')]);
  }
  if (items.length > hookLimits.eventsPerDelivery) {
    return notification([
      unknown(`${items.length} artifacts in one request (limit ${hookLimits.eventsPerDelivery})`),
    ]);
  }
  return notification(
    items.map((item: unknown, at) => {
      if (!isRecord(item)) return unknown('an artifact is not an object');
      const raw = type === 'retention' ? readRetention(data, item) : readResource(data, item, type);
      return 'reason' in raw ? raw : check(event, raw, { at, count: items.length });
    }),
  );
}

function check(
  { actor, eventId, occurredAt }: HarborEvent,
  raw: RawEvent,
  { at, count }: { readonly at: number; readonly count: number },
): RegistryEvent | IgnoredEvent {
  // One id stands for all artifacts of the request.
  const id = eventId === null || count === 1 ? eventId : `${eventId}#${at}`;
  return checkEvent({ ...raw, actor, eventId: id, occurredAt });
}

function readResource(data: Fields, resource: Fields, action: 'push' | 'delete'): RawEvent {
  const repository = textOf(objectOf(data, 'repository'), 'repo_full_name');
  const digest = textOf(resource, 'digest');
  const tag = textOf(resource, 'tag');
  const isTag = action === 'push' && tag !== digest && tag?.includes(':') !== true;
  return { action, repository, digest, tag: isTag ? tag : null };
}

/** `deleted_artifact` names `app:v0` or `app@sha256:...` below the project. */
function readRetention(data: Fields, artifact: Fields): RawEvent | IgnoredEvent {
  if (textOf(artifact, 'status') !== 'SUCCESS') return ignore('the deletion failed');
  const name = textOf(artifact, 'name_tag') ?? '';
  const project = textOf(objectOf(data, 'retention'), 'project_name') ?? '';
  const split = /^([^@:]+)(?:@(.+)|:(.+))$/.exec(name);
  if (split === null) return unknown('expected "name_tag" as name:tag or name@digest');
  const [, path = '', digest = null, tag = null] = split;
  return { action: 'delete', repository: `${project}/${path}`, digest, tag };
}
