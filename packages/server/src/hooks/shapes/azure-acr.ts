/** Azure Container Registry: one event of Distribution without an envelope and without an actor. */
import { readDistributionEvent } from './distribution-event.ts';
import { readObject, textOf } from './fields.ts';
import { ignore, notification, unknown, type Shape } from './notification.ts';

export const azureAcr: Shape = ({ content }) => {
  const body = readObject(content);
  if (typeof body === 'string') return notification([unknown(body)]);
  switch (textOf(body, 'action') ?? '') {
    case 'ping':
      return notification([ignore('ping')]);
    case 'chart_push':
    case 'chart_delete':
      return notification([ignore('chart of the old Helm store')]);
    default:
      return notification([readDistributionEvent(body)]);
  }
};
