/**
 * Hooks: where registries send their push notifications. A delivery is one request that was
 * authentic; it is stored before it is answered, and processed afterwards.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, slug, timestamp } from '../core/fields.ts';
import { limits } from '../limits.ts';
import { hookKindNames } from './kinds.ts';

export const hookName: z.ZodString = slug;

/** `file:PATH`, `env:NAME`. */
export const hookSecretReference = line(limits.hookSecretReferenceChars).regex(
  /^(?:file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*)$/,
  'expected file:PATH or env:NAME',
);

/** The address of a hook of the configuration file; long enough not to be guessed. */
export const hookPath = z
  .string()
  .regex(/^[a-z0-9-]{16,64}$/, 'expected 16 to 64 lower-case letters, digits and dashes');

export const hookAuthentications = ['header', 'hmac', 'path', 'oidc'] as const;

export const hookHeader = z
  .string()
  .max(limits.hookHeaderChars)
  .regex(/^[A-Za-z0-9-]+$/, 'expected the name of a header: letters, digits and dashes');

const actors = z.array(line(limits.hookActorChars).min(1)).max(limits.hookActors);

export const hookRequest = z.object({
  name: hookName.describe('Name of the hook'),
  registry: slug.describe('Name of the registry that sends the notifications'),
  project: projectName.optional().describe('Project of the registry'),
  kind: z.enum(hookKindNames).describe('What sends the notifications; never guessed from requests'),
  authentication: z
    .enum(hookAuthentications)
    .optional()
    .describe('How the sender authenticates (default: the best way that the kind has)'),
  header: hookHeader
    .optional()
    .describe('Header with the secret, for kinds whose header can be chosen'),
  secret: hookSecretReference
    .optional()
    .describe(
      'Where the secret is read from at each use: `file:PATH` in the directory `hooks` of the data ' +
        'directory, or `env:NAME` with a name that begins with `HOOK_` (default: generate one, ' +
        'and show it once). With `header` it is the whole value of the header',
    ),
  audience: line(limits.hookAudienceChars)
    .min(1)
    .optional()
    .describe('With `oidc`: the audience of the tokens (default: the address of the hook)'),
  serviceAccount: line(limits.hookActorChars)
    .min(1)
    .optional()
    .describe('With `oidc`: e-mail address of the service account that signs'),
  keys: hookSecretReference
    .optional()
    .describe(
      'With `oidc`: where the public keys (JSON Web Key Set) are read from (default: Google)',
    ),
  ignoreActors: actors.default([]).describe('Pushes of these users of the registry are ignored'),
  checkImage: z
    .boolean()
    .default(false)
    .describe('Also receive at `/check_image`, the address of an earlier product; one hook only'),
});
export type HookRequestBody = z.output<typeof hookRequest>;

export const hookChange = z.object({
  ignoreActors: actors.optional().describe('Pushes of these users of the registry are ignored'),
  rotateSecret: z
    .boolean()
    .default(false)
    .describe('Replace a generated secret; the old one is invalid at once'),
});

export const hook = z.object({
  name: hookName,
  registry: slug,
  project: projectName,
  kind: z.enum(hookKindNames),
  url: z.string().describe('Where the registry sends to; contains no secret, but is not guessable'),
  authentication: z.enum(hookAuthentications),
  header: z.string().nullable().describe('Header with the secret or the signature'),
  secret: z
    .string()
    .describe('Where the secret is: `generated`, `none`, or the reference to a file or variable'),
  audience: z.string().nullable(),
  serviceAccount: z.string().nullable(),
  keys: z.string().nullable(),
  ignoreActors: z.array(z.string()),
  checkImage: z.boolean(),
  source: z.enum(['api', 'file']).describe('`file`: defined in the configuration file'),
  counts: z.object({
    queued: z.number().int().describe('Deliveries that wait to be processed'),
    processed: z.number().int().describe('Processed deliveries that are still stored'),
    dead: z.number().int().describe('Dead letters'),
    refused: z.number().int().describe('Requests that were not authentic'),
  }),
  lastDeliveryAt: timestamp.nullable(),
  lastRefusal: z
    .object({ at: timestamp, reason: z.string(), address: z.string() })
    .nullable()
    .describe('The last request that was not authentic'),
  createdBy: z.string(),
  createdAt: timestamp,
});
export type Hook = z.output<typeof hook>;

/** A hook with its secret, which is shown once. */
export const hookWithSecret = hook.extend({
  generatedSecret: z
    .string()
    .nullable()
    .describe('Shown only now; the value to enter in the settings of the registry'),
  secretUrl: z
    .string()
    .nullable()
    .describe('Shown only now, for senders that can neither sign nor set a header'),
});
export type HookWithSecret = z.output<typeof hookWithSecret>;

export const deliveryStates = ['queued', 'processed', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const deliveredEvent = z.object({
  action: z.enum(['push', 'delete']),
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
  mediaType: z.string().nullable(),
  actor: z.string().nullable(),
  eventId: z.string().nullable(),
  occurredAt: timestamp.nullable(),
  outcome: z
    .enum(['recorded', 'known', 'resolving', 'ignored', 'test'])
    .describe(
      '`recorded`: a new arrival; `known`: recorded before; `resolving`: the tag is being looked ' +
        'up, as after every reported deletion; `ignored`: excluded by the settings of the ' +
        'registry or of the hook, or of no concern',
    ),
  detail: z.string(),
  arrival: identifier.nullable(),
});
export type DeliveredEvent = z.output<typeof deliveredEvent>;

export const delivery = z.object({
  id: identifier,
  hook: hookName,
  state: z.enum(deliveryStates),
  reason: z.string().nullable().describe('Why it is a dead letter, or why it is retried'),
  test: z.boolean().describe('Sent by `hooks test`'),
  sizeBytes: z.number().int(),
  userAgent: z.string().nullable(),
  events: z.array(deliveredEvent),
  ignored: z.array(z.object({ reason: z.string(), count: z.number().int() })),
  attempts: z.number().int(),
  replayable: z.boolean().describe('Whether its content is still stored'),
  receivedAt: timestamp,
  processedAt: timestamp.nullable(),
});
export type Delivery = z.output<typeof delivery>;

export const deliveryDetail = delivery.extend({
  headers: z.record(z.string(), z.string()).describe('Those that say what the content is'),
  content: z
    .string()
    .nullable()
    .describe('Start of the content as text; null when it is no longer stored'),
});
export type DeliveryDetail = z.output<typeof deliveryDetail>;

/** The result of a test delivery. */
export const hookTest = z.object({
  ok: z.boolean(),
  status: z.number().int().describe('Status that the sender was answered with'),
  answerMs: z.number().describe('Time until the answer'),
  steps: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  delivery: identifier.nullable(),
});
export type HookTest = z.output<typeof hookTest>;
