/** Harbor, payload format CloudEvents: structured mode, with an id that retries keep. */
import { objectOf, readObject, textOf, timeOf } from './fields.ts';
import { readHarborEvent, type HarborEventType } from './harbor-event.ts';
import { ignore, notification, quote, unknown, type Shape } from './notification.ts';

const types: Readonly<Record<string, HarborEventType>> = {
  'harbor.artifact.pushed': 'push',
  'harbor.artifact.deleted': 'delete',
  'harbor.tag_retention.finished': 'retention',
  'harbor.artifact.pulled': ignore('pull'),
  'harbor.replication.status.changed': ignore('replication status'),
};

export const harborCloudEvents: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  return readHarborEvent({
    type: readType(textOf(body, 'type') ?? ''),
    data: objectOf(body, 'data'),
    actor: textOf(body, 'operator'),
    eventId: textOf(body, 'id'),
    occurredAt: timeOf(body, 'time'),
  });
};

function readType(type: string): HarborEventType {
  if (Object.hasOwn(types, type)) return types[type] ?? unknown(type);
  if (type.startsWith('harbor.scan.')) return ignore('scan result of the registry');
  if (type.startsWith('harbor.quota.')) return ignore('quota of the registry');
  return unknown(`unknown event type ${quote(type)}`);
}
