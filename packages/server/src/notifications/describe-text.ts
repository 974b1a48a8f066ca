/**
 * Events as text for people: mails and chats. Names come from samples and images, so control and
 * invisible characters are escaped, and each value stays on its line.
 */
import { escapeInvisible, eventKinds } from '@lazaret/protocol';

import { notificationLimits } from './limits.ts';
import type { Message } from './message.ts';

export interface TextField {
  readonly name: string;
  readonly value: string;
}

/** `A job failed: 0kqv3v9v0a2f7x1c (malicious)` without control characters. */
export function describeTitle({ event }: Message): string {
  const { verdict } = event.data;
  const words = typeof verdict === 'string' ? ` (${verdict})` : '';
  const { summary } = eventKinds[event.type];
  return cut(oneLine(`${summary}: ${event.subject}${words}`), notificationLimits.subjectChars);
}

/** The fields of the event, those that every event has first. */
export function describeFields({ event, url }: Message): TextField[] {
  const { type, at, project, subject, actor, data } = event;
  const common = { type, time: at, project, subject, actor };
  const fields = [...Object.entries({ ...common, url: url ?? null }), ...Object.entries(data)];
  const shown = fields.filter(([, value]) => value !== null && value !== undefined);
  const { fieldsListed } = notificationLimits;
  const lines = shown.slice(0, fieldsListed).map(([name, value]) => ({
    name: cut(oneLine(name), notificationLimits.fieldChars),
    value: cut(oneLine(toText(value)), notificationLimits.fieldChars),
  }));
  const rest = shown.length - lines.length;
  return rest > 0 ? [...lines, { name: 'more', value: `${rest} fields are not shown` }] : lines;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function oneLine(text: string): string {
  return escapeInvisible(text);
}

function cut(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars).toWellFormed()}…` : text;
}
