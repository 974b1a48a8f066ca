/**
 * Google Artifact Registry: a message of Pub/Sub whose data is JSON in base64 with full references.
 * One topic reports all registries of the project; those of another host are ignored.
 */
import { idOf, objectOf, readObject, textOf, timeOf, type Fields } from './fields.ts';
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
  INSERT: 'push',
  DELETE: 'delete',
};

export const googleArtifactRegistry: Shape = ({ content, registry }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const message = objectOf(body, 'message');
  if (message === undefined) {
    return notification([
      unknown('expected the object "message"; unwrapped messages are not supported'),
    ]);
  }
  const data = readObject(Buffer.from(textOf(message, 'data') ?? '', 'base64'));
  if (typeof data === 'string') return notification([unknown('message is not a registry event')]);
  return notification([readData(message, data, registry)]);
};

function readData(message: Fields, data: Fields, registry: string): RegistryEvent | IgnoredEvent {
  const action = textOf(data, 'action') ?? '';
  if (!Object.hasOwn(actions, action)) return unknown(`unknown action ${quote(action)}`);
  const target = readTarget(data, registry);
  if ('reason' in target) return target;
  return checkEvent({
    action: actions[action] ?? 'push',
    ...target,
    eventId: idOf(message, 'messageId') ?? idOf(message, 'message_id'),
    occurredAt: timeOf(message, 'publishTime'),
  });
}

function readTarget(
  data: Fields,
  registry: string,
): IgnoredEvent | Pick<RawEvent, 'repository' | 'tag' | 'digest'> {
  const byDigest = splitReference(textOf(data, 'digest'), '@');
  const byTag = splitReference(textOf(data, 'tag'), ':');
  const named = byDigest ?? byTag;
  if (named === undefined) return unknown('expected a full reference in "digest" or "tag"');
  if (named.host.toLowerCase() !== registry.toLowerCase()) {
    return ignore('another registry host than configured');
  }
  if (byDigest !== undefined && byTag !== undefined && !isSame(byDigest, byTag)) {
    return unknown('"digest" and "tag" name different repositories');
  }
  const { repository } = named;
  return { repository, tag: byTag?.selector ?? null, digest: byDigest?.selector ?? null };
}

interface FullReference {
  readonly host: string;
  readonly repository: string;
  readonly selector: string;
}

/** `host/path@digest` or `host/path:tag`. */
function splitReference(text: string | null, separator: '@' | ':'): FullReference | undefined {
  if (text === null) return undefined;
  const slash = text.indexOf('/');
  const end = text.indexOf(separator, slash);
  if (slash < 0 || end < 0) return undefined;
  return {
    host: text.slice(0, slash),
    repository: text.slice(slash + 1, end),
    selector: text.slice(end + 1),
  };
}

function isSame(one: FullReference, other: FullReference): boolean {
  return one.host === other.host && one.repository === other.repository;
}
