/** What is sent about an event, before it has a format; pure. */
import { eventKinds, type Event, type SubjectKind } from '@lazaret/protocol';

export interface Message {
  /** Of the delivery; the same in every attempt. */
  readonly id: string;
  readonly event: Event;
  /** The page of the subject in the console; undefined when the public address is unknown. */
  readonly url: string | undefined;
}

/** `publicUrl` is empty unless it is configured. */
export function createMessage(id: string, event: Event, publicUrl: string): Message {
  const page = pages[eventKinds[event.type].subject];
  const base = publicUrl.replace(/\/+$/, '');
  const isKnown = page !== undefined && base !== '';
  const url = isKnown ? `${base}/console${page(encodeURIComponent(event.subject))}` : undefined;
  return { id, event, url };
}

/** Pages of the console. */
const pages: Readonly<Partial<Record<SubjectKind, (subject: string) => string>>> = {
  arrival: () => '/arrivals',
  engine: (subject) => `/engines/${subject}`,
  file: (subject) => `/files/${subject}`,
  image: (subject) => `/images/${subject}`,
  inspection: (subject) => `/inspections/${subject}`,
  job: (subject) => `/jobs/${subject}`,
  node: () => '/nodes',
  tag: () => '/arrivals',
};

/** The event as receivers get it. */
export function toPayload({ event, url }: Message): Record<string, unknown> {
  const { type, at, project, subject, actor, data } = event;
  const { summary } = eventKinds[type];
  return {
    ...{ type, timestamp: at, summary, project, subject, actor, data },
    ...(url !== undefined && { url }),
  };
}
