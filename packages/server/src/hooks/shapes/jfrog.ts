/**
 * JFrog Artifactory, domain docker. The repository is the key of the Artifactory repository and the
 * name of the image. A promotion and the filling of a cache are pushes too: a tag appears.
 */
import { objectOf, readObject, textOf, type Fields } from './fields.ts';
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

const actions: Readonly<Record<string, RegistryEvent['action']>> = {
  pushed: 'push',
  promoted: 'push',
  deleted: 'delete',
};

export const jfrog: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const domain = textOf(body, 'domain');
  const data = objectOf(body, 'data');
  if (domain === null || data === undefined) {
    return notification([
      unknown('expected the fields "domain" and "data"; custom webhooks are not supported'),
    ]);
  }
  if (domain !== 'docker') {
    return notification([
      ignore(
        domain === 'artifact'
          ? 'file event, not the docker domain'
          : 'event of another domain than docker',
      ),
    ]);
  }
  return notification([readData(body, data)]);
};

function readData(body: Fields, data: Fields): RegistryEvent | IgnoredEvent {
  const type = textOf(body, 'event_type') ?? '';
  if (!Object.hasOwn(actions, type)) return unknown(`unknown event type ${quote(type)}`);
  const key = textOf(data, 'repo_key');
  const image = textOf(data, 'image_name');
  const sha256 = textOf(data, 'sha256');
  return checkEvent({
    action: actions[type] ?? 'push',
    repository: key === null || image === null ? null : `${key}/${image}`,
    tag: textOf(data, 'tag'),
    digest: sha256 === null ? null : `sha256:${sha256}`,
  });
}
