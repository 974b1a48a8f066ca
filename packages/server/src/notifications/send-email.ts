/**
 * Mails over SMTP: one for each event, or one for all events of a while. Bodies are plain text. The
 * name of the server is resolved once, checked, and used for the certificate only.
 */
import { createTlsContext, resolveHost } from '@lazaret/oci/registry';
import { createTransport, type SentMessageInfo, type Transporter } from 'nodemailer';

import { describeFields, describeTitle } from './describe-text.ts';
import { notificationLimits } from './limits.ts';
import type { Message } from './message.ts';
import { readAuthorities, readTargetSecret } from './secrets.ts';
import {
  describeFailure,
  toReason,
  type Sender,
  type SendParts,
  type SendResult,
} from './sender.ts';
import type { Target } from './target-store.ts';

const defaultPort = { starttls: 587, implicit: 465, none: 25 } as const;

export function openEmail(target: Target, parts: SendParts): Sender {
  const { server } = target.settings;
  return {
    async send(messages, signal) {
      const ended = AbortSignal.any([signal, AbortSignal.timeout(notificationLimits.attemptMs)]);
      try {
        return await untilAborted(deliver(target, parts, messages), ended);
      } catch (error) {
        signal.throwIfAborted();
        return describeError(error, server);
      }
    },
    close: async () => undefined,
  };
}

async function deliver(
  target: Target,
  parts: SendParts,
  messages: readonly Message[],
): Promise<SendResult> {
  const transporter = await openTransporter(target, parts);
  return describeAnswer(await transporter.sendMail(compose(target, messages)));
}

/** The library has no signal; its own limits end the connection soon after. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function openTransporter(target: Target, parts: SendParts): Promise<Transporter> {
  const { server, tls, credentials, allowPrivate } = target.settings;
  const { hostname, port } = new URL(`smtp://${server}`);
  const name = hostname.replace(/^\[|\]$/g, '');
  const host = await resolveHost(name, { allowPrivate, lookup: parts.lookup });
  const ca = await readAuthorities(target, parts.places);
  const timeoutMs = notificationLimits.attemptMs;
  return createTransport({
    ...{ host, port: port === '' ? defaultPort[tls] : Number(port) },
    ...{ secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
    tls: { secureContext: createTlsContext({ ca }), ...(host !== name && { servername: name }) },
    ...(credentials !== '' && { auth: await readCredentials(target, parts) }),
  });
}

async function readCredentials(
  target: Target,
  { places }: SendParts,
): Promise<{ readonly user: string; readonly pass: string }> {
  const { credentials } = target.settings;
  const text = await readTargetSecret(credentials, target, places);
  const colon = text.indexOf(':');
  if (colon > 0) return { user: text.slice(0, colon), pass: text.slice(colon + 1) };
  throw new Error(`the credentials ${credentials} are malformed: expected USER:PASSWORD`);
}

function compose({ name, settings }: Target, messages: readonly Message[]) {
  const { from, to } = settings;
  const [first] = messages;
  if (first === undefined) throw new Error('a mail is about at least one event');
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const count = messages.length;
  return {
    from: { name: 'Lazaret', address: from },
    to: [...to],
    subject: count === 1 ? describeTitle(first) : `${count} events for ${name}`,
    text: messages.map(describeMessage).join('\n\n'),
    // The same in each attempt, by which mail servers and readers recognize repetitions.
    messageId: `<${first.id}.${count}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    // Lines are short, and hostile names never become markup.
    textEncoding: 'quoted-printable' as const,
  };
}

function describeMessage(message: Message): string {
  const fields = describeFields(message);
  const widthChars = Math.max(...fields.map(({ name }) => name.length));
  const lines = fields.map(({ name, value }) => `${name.padEnd(widthChars)}  ${value}`);
  return [describeTitle(message), ...lines].join('\n');
}

function describeAnswer({ response, rejected }: SentMessageInfo): SendResult {
  const status = readStatus(String(response));
  const refused = (rejected as readonly unknown[]).map(String).join(', ');
  const detail = refused === '' ? `answered ${response}` : `not accepted for ${refused}`;
  return { outcome: 'delivered', status, detail: toReason(detail) };
}

function readStatus(response: string): number | null {
  const [code] = /^\d{3}/.exec(response) ?? [];
  return code === undefined ? null : Number(code);
}

interface MailError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** A message that the server refuses for good is not sent again; the connection may be fine. */
function describeError(error: unknown, server: string): SendResult {
  const { code, responseCode: status } = error as MailError;
  const failure = describeFailure(error, server);
  if (status === undefined) return failure;
  const isRejected = code === 'EMESSAGE' && status >= 500;
  return { ...failure, status, outcome: isRejected ? 'rejected' : 'failed' };
}
