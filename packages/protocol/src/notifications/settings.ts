/**
 * Settings of targets. They are flat, so that a flag of the command line exists for each; which of
 * them a kind of target has is in `targetFields`.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, slug } from '../core/fields.ts';
import { durationSeconds, sizeBytes } from '../core/quantity.ts';
import { limits } from '../limits.ts';
import { decisionActions, policyVerdicts, type PolicyVerdict } from '../policies/words.ts';
import { verdictState, type VerdictState } from '../reports/coverage.ts';
import { describeInvalidPattern } from './patterns.ts';

export const targetKinds = ['webhook', 'email', 'file'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** How a webhook writes an event. */
export const targetFormats = ['event', 'cloudevents', 'slack'] as const;
export type TargetFormat = (typeof targetFormats)[number];

/** How a connection to a mail server is protected. */
export const targetTlsModes = ['starttls', 'implicit', 'none'] as const;
export type TargetTlsMode = (typeof targetTlsModes)[number];

/** Verdicts of inspections, and of policies. */
const notificationVerdicts = [
  ...new Set([...verdictState.options, ...policyVerdicts]),
] as readonly (VerdictState | PolicyVerdict)[];

/** What a target of kind `file` writes. */
export const targetLayouts = ['events', 'collector'] as const;
export type TargetLayout = (typeof targetLayouts)[number];

const eventPattern = line(limits.notificationPatternChars).superRefine((pattern, context) => {
  const message = describeInvalidPattern(pattern);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const reference = line(limits.notificationReferenceChars).regex(
  /^(?:file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*)$/,
  'expected file:PATH or env:NAME',
);

const webhookUrl = z
  .url({ protocol: /^https?$/, error: 'expected a URL that begins with https:// or http://' })
  .max(limits.notificationUrlChars)
  .refine(hasNoCredentials, {
    error: 'expected a URL without user and password; use the setting authorization',
  });

function hasNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === '' && url.password === '');
}

const hostChars = 253;
const mailServer = z
  .string()
  .max(hostChars + ':65535'.length)
  .regex(
    /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/,
    'expected HOST or HOST:PORT, as in mail.example.org:587',
  );

/** Printable ASCII without what separates addresses, so that one address never becomes two. */
const mailAddress = z
  .string()
  .max(limits.notificationAddressChars)
  .regex(
    /^[^\s@<>(),;:"\\[\]\u0000-\u001f\u007f-\uffff]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    {
      error: 'expected an e-mail address, as in security@example.org',
    },
  );

const values = <T extends z.ZodType>(item: T): z.ZodArray<T> =>
  z.array(item).max(limits.notificationFilterValues);

/** Every setting with its meaning; defaults are added by `targetSettings`. */
const settingFields = {
  events: z
    .array(eventPattern)
    .min(1)
    .max(limits.notificationPatterns)
    .describe('Types of events that are sent, as in `arrival.inspected`, `arrival.*`, `*`'),
  projects: values(projectName).describe('Only events of these projects'),
  registries: values(slug).describe('Only events about these registries'),
  verdicts: values(z.enum(notificationVerdicts)).describe(
    'Only events with one of these verdicts, of an inspection or of a policy',
  ),
  actions: values(z.enum(decisionActions)).describe(
    'Only decisions that apply one of these actions',
  ),
  enabled: z
    .boolean()
    .describe('Whether events are sent; those of a disabled target are not queued'),
  allowPrivate: z
    .boolean()
    .describe('Whether the host may have a private address, such as 127.0.0.1 or 10.0.0.1'),
  caFile: line(limits.notificationReferenceChars).describe(
    'File of a certificate authority to trust (PEM)',
  ),
  url: z.union([z.literal(''), webhookUrl]).describe('Where a webhook sends to'),
  format: z
    .enum(targetFormats)
    .describe('`event`: the event as JSON; `cloudevents`; `slack`: text for Slack and Mattermost'),
  secrets: z
    .array(reference)
    .max(limits.notificationSecrets)
    .describe(
      'Where the secrets that sign are read from at each use: `file:PATH` or `env:NAME`; each of ' +
        'them signs, so that a receiver can be changed from one to the next',
    ),
  authorization: z
    .union([z.literal(''), reference])
    .describe('Where the value of the header Authorization is read from'),
  server: z.union([z.literal(''), mailServer]).describe('Mail server, HOST or HOST:PORT'),
  tls: z
    .enum(targetTlsModes)
    .describe('Protection of the connection to the mail server; `starttls` is required, not tried'),
  credentials: z
    .union([z.literal(''), reference])
    .describe('Where USER:PASSWORD for the mail server is read from'),
  from: z.union([z.literal(''), mailAddress]).describe('Sender of mails'),
  to: z.array(mailAddress).max(limits.notificationRecipients).describe('Recipients of mails'),
  digest: durationSeconds(0, limits.notificationDigestMsMax).describe(
    'Collect events for this time and send them in one mail; 0 sends each by itself',
  ),
  directory: line(limits.notificationReferenceChars).describe(
    'Where files are written: a name below `exports` of the data directory; the configuration file ' +
      'of the server may name any path',
  ),
  layout: z
    .enum(targetLayouts)
    .describe('`events`: events as JSON lines; `collector`: the files of Banyan Collector'),
  rotateSize: sizeBytes(
    limits.notificationRotateBytesMin,
    limits.notificationRotateBytesMax,
  ).describe('Size at which a file is renamed and another one is begun'),
  rotateFiles: z
    .number()
    .int()
    .min(0)
    .max(limits.notificationRotateFilesMax)
    .describe('How many renamed files are stored; older ones are deleted'),
} as const;

/** The settings with their defaults. */
export const targetSettings = z.object({
  events: settingFields.events,
  projects: settingFields.projects.default([]),
  registries: settingFields.registries.default([]),
  verdicts: settingFields.verdicts.default([]),
  actions: settingFields.actions.default([]),
  enabled: settingFields.enabled.default(true),
  allowPrivate: settingFields.allowPrivate.default(false),
  caFile: settingFields.caFile.default(''),
  url: settingFields.url.default(''),
  format: settingFields.format.default('event'),
  secrets: settingFields.secrets.default([]),
  authorization: settingFields.authorization.default(''),
  server: settingFields.server.default(''),
  tls: settingFields.tls.default('starttls'),
  credentials: settingFields.credentials.default(''),
  from: settingFields.from.default(''),
  to: settingFields.to.default([]),
  digest: settingFields.digest.default(0),
  directory: settingFields.directory.default(''),
  layout: settingFields.layout.default('events'),
  rotateSize: settingFields.rotateSize.default(limits.notificationRotateBytesDefault),
  rotateFiles: settingFields.rotateFiles.default(limits.notificationRotateFilesDefault),
});
export type TargetSettings = z.output<typeof targetSettings>;

export const targetChange = z.object(settingFields).partial();
export type TargetChange = z.output<typeof targetChange>;

/** The settings that only one kind of target has; those that it needs are in `needed`. */
export const targetFields: Readonly<
  Record<
    TargetKind,
    {
      readonly own: readonly (keyof TargetSettings)[];
      readonly needed: readonly (keyof TargetSettings)[];
    }
  >
> = {
  webhook: { own: ['url', 'format', 'secrets', 'authorization'], needed: ['url'] },
  email: {
    own: ['server', 'tls', 'credentials', 'from', 'to', 'digest'],
    needed: ['server', 'from', 'to'],
  },
  file: {
    own: ['directory', 'layout', 'rotateSize', 'rotateFiles'],
    needed: ['directory'],
  },
};
