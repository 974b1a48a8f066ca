/**
 * Sonatype Nexus. Component events name an image and a tag, asset events the path of a manifest,
 * with or without a leading slash. The Nexus repository is not part of the name of the image.
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
  type RawEvent,
  type RegistryEvent,
  type Shape,
} from './notification.ts';

const actions: Readonly<Record<string, RegistryEvent['action']>> = {
  CREATED: 'push',
  UPDATED: 'push',
  DELETED: 'delete',
};

export const nexus: Shape = ({ headers, content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  return notification([readChange(body, headerOf(headers, 'x-nexus-webhook-delivery'))]);
};

function readChange(body: Fields, eventId: string | null): RegistryEvent | IgnoredEvent {
  const action = textOf(body, 'action') ?? '';
  if (action === 'PURGED') return ignore('ids only: list the repository again');
  const component = objectOf(body, 'component');
  const subject = component ?? objectOf(body, 'asset');
  if (subject === undefined) return describeOther(body);
  if (!Object.hasOwn(actions, action)) return unknown(`unknown action ${quote(action)}`);
  const target = readTarget(subject, component !== undefined);
  if ('reason' in target) return target;
  const [actor = null] = textOf(body, 'initiator')?.split('/', 1) ?? [];
  return checkEvent({
    action: actions[action] ?? 'push',
    ...target,
    ...{ actor, eventId },
    occurredAt: timeOf(body, 'timestamp'),
  });
}

type Target = Pick<RawEvent, 'repository' | 'tag' | 'digest'>;

function readTarget(subject: Fields, isComponent: boolean): Target | IgnoredEvent {
  if (textOf(subject, 'format') !== 'docker') return ignore('package of another type');
  return isComponent ? readComponent(subject) : readAsset(subject);
}

function readComponent(component: Fields): Target {
  return { repository: textOf(component, 'name'), ...splitVersion(textOf(component, 'version')) };
}

function readAsset(asset: Fields): Target | IgnoredEvent {
  const name = textOf(asset, 'name') ?? '';
  if (/^\/?v2\/(?:.+\/)?blobs\//.test(name)) return ignore('blob, not a manifest');
  const path = /^\/?v2\/(.+)\/manifests\/([^/]+)$/.exec(name);
  if (path === null) return ignore('not a manifest');
  const [, repository = null, version = null] = path;
  return { repository, ...splitVersion(version) };
}

function splitVersion(version: string | null): Pick<RawEvent, 'tag' | 'digest'> {
  const isDigest = version !== null && parseDigest(version) !== undefined;
  return isDigest ? { tag: null, digest: version } : { tag: version, digest: null };
}

function describeOther(body: Fields): IgnoredEvent {
  const isAudit = objectOf(body, 'audit') !== undefined || listOf(body, 'components') !== undefined;
  return isAudit
    ? ignore('not an event of a component or an asset')
    : unknown('expected the object "component" or "asset"');
}
