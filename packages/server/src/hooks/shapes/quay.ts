/**
 * Quay: a push is what has `updated_tags`; all other events come to the same address and are told
 * apart by their fields. No digest, id, time or actor; nothing at all for deletions.
 */
import { hookLimits } from '../limits.ts';
import { objectOf, readObject, textOf, type Fields } from './fields.ts';
import {
  checkEvent,
  ignore,
  notification,
  unknown,
  type IgnoredEvent,
  type Shape,
} from './notification.ts';

export const quay: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const repository = textOf(body, 'repository');
  const tags = readTags(body);
  if (repository === null || tags === undefined) return notification([describeOther(body)]);
  if (tags.length > hookLimits.eventsPerDelivery) {
    return notification([
      unknown(`${tags.length} tags in one request (limit ${hookLimits.eventsPerDelivery})`),
    ]);
  }
  if (tags.length === 0) return notification([ignore('no tag was updated')]);
  return notification(
    tags.map((tag) =>
      typeof tag === 'string' && tag !== ''
        ? checkEvent({ action: 'push', repository, tag })
        : unknown('a tag is not text'),
    ),
  );
};

/** A list of tags; in old versions the keys of a map from tags to ids. */
function readTags(body: Fields): readonly unknown[] | undefined {
  const { updated_tags: tags } = body;
  if (Array.isArray(tags)) return tags;
  const map = objectOf(body, 'updated_tags');
  return map === undefined ? undefined : Object.keys(map);
}

function describeOther(body: Fields): IgnoredEvent {
  if (textOf(body, 'namespace') === null) {
    return unknown('expected the fields of Quay; a template of its own is not supported');
  }
  if (textOf(body, 'repository') === null) return ignore('no repository');
  if (textOf(body, 'build_id') !== null) return ignore('build status');
  if (textOf(body, 'expiring_in') !== null) {
    return ignore('announcement of an expiry, nothing is gone yet');
  }
  return ignore('no updated_tags: not a push');
}
