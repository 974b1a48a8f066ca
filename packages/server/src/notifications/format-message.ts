/** The bodies of webhooks; pure. */
import type { TargetFormat } from '@lazaret/protocol';

import { describeFields, describeTitle } from './describe-text.ts';
import { toPayload, type Message } from './message.ts';

export interface Body {
  readonly contentType: string;
  readonly text: string;
}

/** `source` identifies the instance in CloudEvents. */
export function formatMessage(format: TargetFormat, message: Message, source: string): Body {
  return formats[format](message, source);
}

const formats: Readonly<Record<TargetFormat, (message: Message, source: string) => Body>> = {
  event: (message) => toBody('application/json', toPayload(message)),
  cloudevents: (message, source) =>
    toBody('application/cloudevents+json; charset=utf-8', toCloudEvent(message, source)),
  slack: (message) => toBody('application/json', { text: toChat(message) }),
};

function toBody(contentType: string, content: object): Body {
  return { contentType, text: JSON.stringify(content) };
}

/** CloudEvents 1.0 in the structured mode. */
function toCloudEvent(message: Message, source: string): object {
  const { timestamp, type, subject, ...data } = toPayload(message);
  return {
    ...{ specversion: '1.0', id: message.id, source: source === '' ? 'urn:lazaret' : source },
    ...{ type, subject, time: timestamp, datacontenttype: 'application/json', data },
  };
}

/**
 * Text for Slack and Mattermost. Values are code, in which neither has links, mentions and markup;
 * the three characters that Slack reads as control characters are escaped.
 */
function toChat(message: Message): string {
  const lines = describeFields(message).map(({ name, value }) => `${code(name)} ${code(value)}`);
  return [code(describeTitle(message)), ...lines].join('\n');
}

function code(text: string): string {
  return `\`${escapeChat(text.replaceAll('`', "'"))}\``;
}

function escapeChat(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
