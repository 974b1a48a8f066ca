/**
 * Amazon ECR through EventBridge. A rule may collect the events of several accounts and regions;
 * those of another registry than the hook's are ignored.
 */
import { objectOf, readObject, textOf, timeOf, type Fields } from './fields.ts';
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

export const amazonEcr: Shape = ({ content, registry }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const detail = objectOf(body, 'detail');
  const type = textOf(body, 'detail-type');
  if (detail === undefined || type === null) {
    return notification([
      unknown(
        'expected the fields "detail-type" and "detail"; input transformers are not supported',
      ),
    ]);
  }
  switch (type) {
    case 'ECR Image Action':
      return notification([readAction(body, detail, registry)]);
    case 'ECR Image Scan':
      return notification([ignore('scan result of the registry')]);
    case 'ECR Pull Through Cache Action':
      return notification([ignore('pull through cache')]);
    default:
      return notification([
        type.startsWith('ECR ') || textOf(body, 'source') !== 'aws.ecr'
          ? ignore('not an action on an image')
          : unknown(`unknown event type ${quote(type)}`),
      ]);
  }
};

function readAction(body: Fields, detail: Fields, registry: string): RegistryEvent | IgnoredEvent {
  const prefix = `${textOf(body, 'account')}.dkr.ecr.${textOf(body, 'region')}.`;
  if (!registry.toLowerCase().startsWith(prefix)) {
    return ignore('another registry host than configured');
  }
  if (textOf(detail, 'result') !== 'SUCCESS') return ignore('result is not SUCCESS');
  const actions: Readonly<Record<string, RegistryEvent['action']>> = {
    PUSH: 'push',
    DELETE: 'delete',
  };
  const type = textOf(detail, 'action-type') ?? '';
  if (!Object.hasOwn(actions, type)) return unknown(`unknown action ${quote(type)}`);
  return checkEvent({
    action: actions[type] ?? 'push',
    repository: textOf(detail, 'repository-name'),
    tag: textOf(detail, 'image-tag'),
    digest: textOf(detail, 'image-digest'),
    mediaType: textOf(detail, 'manifest-media-type'),
    eventId: textOf(body, 'id'),
    occurredAt: timeOf(body, 'time'),
  });
}
