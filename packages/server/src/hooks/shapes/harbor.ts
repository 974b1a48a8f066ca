/** Harbor, payload format Default. It has no ids and no media types. */
import { objectOf, readObject, textOf, timeOf } from './fields.ts';
import { readHarborEvent, type HarborEventType } from './harbor-event.ts';
import { ignore, notification, quote, unknown, type Shape } from './notification.ts';

const types: Readonly<Record<string, HarborEventType>> = {
  PUSH_ARTIFACT: 'push',
  DELETE_ARTIFACT: 'delete',
  TAG_RETENTION: 'retention',
  PULL_ARTIFACT: ignore('pull'),
  REPLICATION: ignore('replication status'),
  SCANNING_COMPLETED: ignore('scan result of the registry'),
  SCANNING_FAILED: ignore('scan result of the registry'),
  SCANNING_STOPPED: ignore('scan result of the registry'),
  QUOTA_EXCEED: ignore('quota of the registry'),
  QUOTA_WARNING: ignore('quota of the registry'),
};

export const harbor: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  const type = textOf(body, 'type') ?? '';
  return readHarborEvent({
    type: Object.hasOwn(types, type)
      ? (types[type] ?? unknown(type))
      : unknown(`unknown event type ${quote(type)}`),
    data: objectOf(body, 'event_data'),
    actor: textOf(body, 'operator'),
    eventId: null,
    occurredAt: timeOf(body, 'occur_at'),
  });
};
