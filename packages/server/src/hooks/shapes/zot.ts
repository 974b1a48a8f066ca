/**
 * zot: CloudEvents in binary mode, so the type and the id are headers. `reference` is a tag or a
 * digest. Deleting a digest sends one event for all its tags. The operator of zot can choose what
 * precedes `image.updated` in the type.
 */
import { parseDigest } from '@lazaret/oci';

import { headerOf, objectOf, readObject, textOf, type Fields } from './fields.ts';
import {
  checkEvent,
  ignore,
  notification,
  quote,
  unknown,
  type IgnoredEvent,
  type RegistryEvent,
  type Shape,
  type ShapeRequest,
} from './notification.ts';

const types: Readonly<Record<string, RegistryEvent['action'] | IgnoredEvent>> = {
  'image.updated': 'push',
  'image.deleted': 'delete',
  'image.scanned': ignore('scan result of the registry'),
  'image.lint_failed': ignore('the push was refused: no such image'),
  'repository.created': ignore('a repository was created; its images follow'),
};

export const zot: Shape = ({ headers, content }) => {
  const type = headerOf(headers, 'ce-type') ?? '';
  const kind = type.split('.').slice(-2).join('.');
  const action = Object.hasOwn(types, kind) ? types[kind] : undefined;
  if (action === undefined) return notification([unknown(`unknown event type ${quote(type)}`)]);
  if (typeof action !== 'string') return notification([action]);
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  return notification([readImage(body, action, headers)]);
};

function readImage(
  body: Fields,
  action: RegistryEvent['action'],
  headers: ShapeRequest['headers'],
): RegistryEvent | IgnoredEvent {
  const reference = textOf(body, 'reference');
  const isDigest = reference !== null && parseDigest(reference) !== undefined;
  return checkEvent({
    action,
    repository: textOf(body, 'name'),
    tag: isDigest ? null : reference,
    digest: textOf(body, 'digest') ?? (isDigest ? reference : null),
    mediaType: textOf(body, 'mediaType'),
    actor: textOf(objectOf(body, 'actor'), 'name'),
    eventId: headerOf(headers, 'ce-id'),
    occurredAt: headerOf(headers, 'ce-time'),
  });
}
