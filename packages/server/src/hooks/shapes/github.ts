/**
 * GitHub Packages: a push is documented as two events, `registry_package` and `package`, with two
 * delivery ids. So the event is identified by what was pushed, which is signed, and by when.
 */
import { objectOf, readObject, textOf, timeOf, idOf, type Fields } from './fields.ts';
import {
  checkEvent,
  ignore,
  notification,
  quote,
  unknown,
  type IgnoredEvent,
  type RegistryEvent,
  type Shape,
} from './notification.ts';

export const github: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  if (textOf(body, 'zen') !== null) return notification([ignore('ping')]);
  const pkg = objectOf(body, 'registry_package') ?? objectOf(body, 'package');
  if (pkg === undefined) {
    const isOther = objectOf(body, 'sender') !== undefined;
    return notification([
      isOther
        ? ignore('not an event of a package')
        : unknown('expected the object "registry_package" or "package"'),
    ]);
  }
  const version = objectOf(pkg, 'package_version');
  const container = objectOf(version, 'container_metadata');
  const isContainer = textOf(pkg, 'package_type')?.toUpperCase() === 'CONTAINER';
  if (!isContainer) return notification([ignore('package of another type')]);
  if (version === undefined || container === undefined) {
    return notification([unknown('expected the object "container_metadata"')]);
  }
  return notification([readPackage(body, pkg, { version, container })]);
};

function readPackage(
  body: Fields,
  pkg: Fields,
  { version, container }: { readonly version: Fields; readonly container: Fields },
): RegistryEvent | IgnoredEvent {
  const action = textOf(body, 'action') ?? '';
  if (action !== 'published' && action !== 'updated') {
    return unknown(`unknown action ${quote(action)}`);
  }
  const manifest = objectOf(container, 'manifest');
  // Children of an index have an empty name here.
  const tag = textOf(objectOf(container, 'tag'), 'name');
  const digest = textOf(manifest, 'digest') ?? textOf(objectOf(container, 'tag'), 'digest');
  const owner = textOf(objectOf(pkg, 'owner'), 'login');
  const name = textOf(pkg, 'name');
  const updatedAt = timeOf(pkg, 'updated_at');
  const versionId = idOf(version, 'id');
  return checkEvent({
    action: 'push',
    repository: owner === null || name === null ? null : `${owner}/${name}`.toLowerCase(),
    ...{ tag, digest },
    mediaType: textOf(manifest, 'media_type'),
    actor: textOf(objectOf(body, 'sender'), 'login'),
    eventId:
      versionId === null || updatedAt === null
        ? null
        : [versionId, updatedAt, tag ?? '', digest ?? ''].join(' '),
    occurredAt: updatedAt,
  });
}
