/** Filters of the audit log in the URL. */
import { eventKinds, type EventType } from '@lazaret/protocol';

export interface AuditSearch {
  readonly type?: string;
  readonly actor?: string;
  readonly subject?: string;
}

export interface AuditQuery {
  readonly type?: EventType[];
  readonly actor?: string;
  readonly subject?: string;
}

const valueCharsMax = 64;

export const auditedTypes: readonly EventType[] = (Object.keys(eventKinds) as EventType[]).filter(
  (type) => eventKinds[type].audited,
);

export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const search: Record<string, string> = {};
  const type = auditedTypes.find((known) => known === raw['type']);
  if (type !== undefined) search['type'] = type;
  for (const key of ['actor', 'subject'] as const) {
    const value = raw[key];
    if (typeof value === 'string' && value !== '' && value.length <= valueCharsMax)
      search[key] = value;
  }
  return search;
}

export function toAuditQuery({ type, actor, subject }: AuditSearch): AuditQuery {
  return {
    ...(type === undefined ? {} : { type: [type as EventType] }),
    ...(actor === undefined ? {} : { actor }),
    ...(subject === undefined ? {} : { subject }),
  };
}
