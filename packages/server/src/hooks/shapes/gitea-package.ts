/**
 * Package events of Gitea and Forgejo. The image is the owner's login and the name of the package;
 * both fields called `repository` are of Git. The version is a tag, in lower case, or a digest.
 */
import { parseDigest } from '@lazaret/oci';

import { headerOf, listOf, objectOf, readObject, textOf, timeOf, type Fields } from './fields.ts';
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

/** Reads an event; the delivery has its id in a header of this name. */
export function readPackageEvent(
  { headers, content }: ShapeRequest,
  deliveryHeader: string,
): Notification {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const pkg = objectOf(body, 'package');
  if (pkg === undefined) return notification([describeOther(body)]);
  if (textOf(pkg, 'type') !== 'container') {
    return notification([ignore('package of another type')]);
  }
  return notification([readPackage(body, pkg, headerOf(headers, deliveryHeader))]);
}

function readPackage(
  body: Fields,
  pkg: Fields,
  eventId: string | null,
): RegistryEvent | IgnoredEvent {
  const actions: Readonly<Record<string, 'push' | 'delete'>> = {
    created: 'push',
    deleted: 'delete',
  };
  const action = textOf(body, 'action') ?? '';
  if (!Object.hasOwn(actions, action)) return unknown(`unknown action ${quote(action)}`);
  const owner = textOf(objectOf(pkg, 'owner'), 'login');
  const name = textOf(pkg, 'name');
  const version = textOf(pkg, 'version');
  const isDigest = version !== null && parseDigest(version) !== undefined;
  return checkEvent({
    action: actions[action] ?? 'push',
    // Names of images are in lower case, logins need not be.
    repository: owner === null || name === null ? null : `${owner.toLowerCase()}/${name}`,
    tag: isDigest ? null : version,
    digest: isDigest ? version : null,
    actor: textOf(objectOf(body, 'sender'), 'login'),
    eventId,
    occurredAt: action === 'created' ? timeOf(pkg, 'created_at') : null,
  });
}

function describeOther(body: Fields): IgnoredEvent {
  if (textOf(body, 'ref') !== null && listOf(body, 'commits') !== undefined) {
    return ignore('Git push, not a package');
  }
  if (objectOf(body, 'repository') !== undefined) return ignore('not an event of a package');
  return unknown('expected the object "package"');
}
