/**
 * Docker Hub: a push without digest, id or signature. `callback_url` is no longer supported by
 * Docker Hub and is never called.
 */
import { objectOf, readObject, textOf, timeOf } from './fields.ts';
import { checkEvent, notification, unknown, type Shape } from './notification.ts';

export const dockerHub: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const push = objectOf(body, 'push_data');
  const repository = objectOf(body, 'repository');
  if (push === undefined || repository === undefined) {
    return notification([unknown('expected the objects "push_data" and "repository"')]);
  }
  return notification([
    checkEvent({
      action: 'push',
      repository: textOf(repository, 'repo_name'),
      tag: textOf(push, 'tag'),
      mediaType: textOf(push, 'media_type'),
      actor: textOf(push, 'pusher'),
      occurredAt: timeOf(push, 'pushed_at'),
    }),
  ]);
};
