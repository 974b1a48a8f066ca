/**
 * Watched registries: what is configured, what a poll found, and arrivals, the digests that reached
 * a repository at some moment.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, slug, timestamp } from '../core/fields.ts';
import { durationSeconds, parseDuration } from '../core/quantity.ts';
import { platformWord } from '../inspections/model.ts';
import { limits } from '../limits.ts';
import { decisionEffect } from '../policies/effect.ts';
import { decisionActions, policyVerdicts } from '../policies/words.ts';
import { verdictState } from '../reports/coverage.ts';
import { registryHost } from './connection.ts';

export const registryKinds = [
  'distribution',
  'docker-hub',
  'harbor',
  'ghcr',
  'quay',
  'gitea',
  'forgejo',
  'acr',
  'jfrog',
  'oci',
  /** The images of the server's own container engine. */
  'local',
] as const;
export type RegistryKind = (typeof registryKinds)[number];

export const registryName: z.ZodString = slug;

const pattern = line(limits.registryPatternChars).min(1);
const patterns = z.array(pattern).max(limits.registryPatterns);

/** `file:PATH`, `env:NAME`, `docker-config`, `docker-config:PATH`, `none`. */
export const credentialReference = z
  .string()
  .max(limits.registryPathChars)
  .regex(
    /^(?:none|docker-config(?::\S.*)?|file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*)$/,
    'expected none, docker-config, docker-config:PATH, file:PATH or env:NAME',
  );

/** `100/6h`: at most 100 requests in any 6 hours. */
export const requestRate = z
  .string()
  .max(limits.nameChars)
  .refine((text) => parseRequestRate(text) !== undefined, {
    error: 'expected REQUESTS/PERIOD, as in 100/6h or 20/1m',
  });

/** Undefined when the text is not a rate. */
export function parseRequestRate(
  text: string,
): { readonly requests: number; readonly periodMs: number } | undefined {
  const [, count = '', period = ''] = /^(\d{1,7})\/(\S+)$/.exec(text) ?? [];
  const requests = Number(count);
  const periodMs = parseDuration(period) ?? 0;
  const fits = requests >= 1 && requests <= limits.registryRateRequests;
  return fits && periodMs >= 1 && periodMs <= limits.registryRatePeriodMs
    ? { requests, periodMs }
    : undefined;
}

const serverPath = line(limits.registryPathChars);

/** Every setting of a registry with its meaning; defaults are added by `watchSettings`. */
const settingFields = {
  kind: z.enum(registryKinds).describe('Product that serves the registry'),
  enabled: z.boolean().describe('Whether the registry is watched'),
  repositories: patterns.describe(
    'Patterns of repositories: `*` matches within a path component, `**` across them',
  ),
  exclude: patterns.describe('Patterns of repositories that are not watched'),
  repositoryFile: serverPath.describe(
    'File with one more pattern per line, read again at every poll; `#` starts a comment',
  ),
  tags: patterns.describe('Patterns of tags'),
  excludeTags: patterns.describe('Patterns of tags that are not watched'),
  platforms: z
    .array(platformWord)
    .min(1)
    .max(limits.registryPlatforms)
    .describe('Platforms to inspect: `default`, `all` or `os/architecture[/variant]`'),
  credentials: credentialReference.describe(
    'Where credentials are read from at each use: `docker-config`, `file:PATH`, `env:NAME`, `none`',
  ),
  caFile: serverPath.describe('File of a certificate authority to trust (PEM)'),
  plainHttp: z.boolean().describe('Use HTTP without TLS'),
  skipVerify: z.boolean().describe('Do not verify the certificate'),
  mirrors: z
    .array(registryHost)
    .max(limits.registryMirrors)
    .describe('Hosts that are asked first for the content of images'),
  pollInterval: durationSeconds(limits.registryPollMsMin, limits.registryPollMsMax).describe(
    'Time between the starts of two polls; up to a tenth is added or removed at random',
  ),
  rates: z
    .array(requestRate)
    .max(limits.registryRateWindows)
    .describe('Request limits that all hold, as in `100/6h` and `20/1m`'),
  backlog: z
    .number()
    .int()
    .min(0)
    .max(limits.registryBacklogMax)
    .describe('How many of the newest images of a repository are inspected at first sight'),
  quarantineRepository: z
    .union([
      z.literal(''),
      line(limits.repositoryChars).regex(
        /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/,
        'expected the name of a repository, as in quarantine or lab/quarantine',
      ),
    ])
    .describe(
      'Quarantined images are copied to repositories below this one, which are not watched; ' +
        'empty: only Lazaret has them',
    ),
} as const;

/** The settings with their defaults. */
export const watchSettings = z.object({
  kind: settingFields.kind.default('oci'),
  enabled: settingFields.enabled.default(true),
  repositories: settingFields.repositories.default(['**']),
  exclude: settingFields.exclude.default([]),
  repositoryFile: settingFields.repositoryFile.default(''),
  tags: settingFields.tags.default(['*']),
  excludeTags: settingFields.excludeTags.default([]),
  platforms: settingFields.platforms.default(['default']),
  credentials: settingFields.credentials.default('docker-config'),
  caFile: settingFields.caFile.default(''),
  plainHttp: settingFields.plainHttp.default(false),
  skipVerify: settingFields.skipVerify.default(false),
  mirrors: settingFields.mirrors.default([]),
  pollInterval: settingFields.pollInterval.default(limits.registryPollSecondsDefault),
  rates: settingFields.rates.default([]),
  backlog: settingFields.backlog.default(limits.registryBacklogDefault),
  quarantineRepository: settingFields.quarantineRepository.default(''),
});
export type WatchSettings = z.output<typeof watchSettings>;

export const registryRequest = watchSettings.extend({
  name: registryName.describe('Name of the registry'),
  address: registryHost.describe(
    'Host and port, as in references; `local` for the images of the local container engine',
  ),
  project: projectName.optional().describe('Project of the registry and of its inspections'),
});
export type RegistryRequestBody = z.output<typeof registryRequest>;

export const registryChange = z.object(settingFields).partial();
export type RegistryChange = z.output<typeof registryChange>;

export const registryStates = ['pending', 'healthy', 'degraded', 'failing', 'paused'] as const;
export type RegistryState = (typeof registryStates)[number];

/** Why a registry, a repository, a tag or an arrival has a problem. */
const registryProblem = z.object({
  code: z.string().describe('`unreachable`, `unauthorized`, `rate_limited`, `not_found`, ...'),
  detail: z.string(),
});

export const registryCheckNames = [
  'reach',
  'tls',
  'credentials',
  'sign-in',
  'catalog',
  'tags',
  'delete',
  'referrers',
  'webhook',
] as const;
export type RegistryCheckName = (typeof registryCheckNames)[number];

export const registryCheck = z.object({
  name: z.enum(registryCheckNames),
  state: z
    .enum(['ok', 'warning', 'failed', 'unknown'])
    .describe('`unknown` when it could not be found out'),
  detail: z.string(),
});
export type RegistryCheck = z.output<typeof registryCheck>;

export const registry = z.object({
  id: identifier,
  name: registryName,
  project: projectName,
  address: z.string(),
  settings: watchSettings.extend({
    pollInterval: z.number().describe('Seconds'),
  }),
  source: z.enum(['api', 'file']).describe('`file`: defined in the configuration file'),
  state: z
    .enum(registryStates)
    .describe(
      '`pending` until the first poll; `degraded` when parts cannot be read; `failing` while the ' +
        'registry cannot be read at all, with growing delays between attempts',
    ),
  problem: registryProblem.extend({ since: timestamp }).nullable(),
  poll: z.object({
    running: z.boolean(),
    startedAt: timestamp.nullable(),
    finishedAt: timestamp.nullable(),
    completeAt: timestamp.nullable().describe('End of the last poll that read everything'),
    nextAt: timestamp,
    requests: z.number().int().describe('Requests of the last poll'),
    failures: z.number().int().describe('Failed polls in a row'),
  }),
  counts: z.object({
    repositories: z.number().int(),
    tags: z.number().int(),
    waiting: z.number().int().describe('Arrivals that wait for their inspection'),
    inspecting: z.number().int(),
    failed: z.number().int().describe('Arrivals whose inspection failed'),
    skipped: z
      .number()
      .int()
      .describe('Older images that are not inspected because of the setting `backlog`'),
    problems: z.number().int().describe('Repositories and tags that cannot be read'),
  }),
  check: z
    .object({ checkedAt: timestamp, results: z.array(registryCheck) })
    .nullable()
    .describe('Result of the last check'),
  createdBy: z.string(),
  createdAt: timestamp,
  changedAt: timestamp,
});
export type Registry = z.output<typeof registry>;

export const registryRepository = z.object({
  name: z.string(),
  tags: z.number().int(),
  skipped: z.number().int(),
  firstSeenAt: timestamp,
  listedAt: timestamp.nullable().describe('Last complete listing of its tags'),
  missingSince: timestamp.nullable().describe('Since when the registry does not know it'),
  lastArrivalAt: timestamp.nullable(),
  problem: registryProblem.nullable(),
});
export type RegistryRepository = z.output<typeof registryRepository>;

/** What is in force about a digest in a repository now; null while nothing is decided. */
const inForce = z
  .object({
    decision: identifier,
    inspected: verdictState.nullable().describe('Worst verdict of its latest inspections'),
    verdict: z.enum(policyVerdicts),
    action: z.enum(decisionActions).describe('The strictest action that is applied'),
    decidedAt: timestamp,
  })
  .nullable()
  .describe('The decision in force about the digest in the repository now; null: none');
export type DecisionInForceSummary = NonNullable<z.output<typeof inForce>>;

export const registryTag = z.object({
  repository: z.string(),
  tag: z.string(),
  digest: z.string().nullable().describe('null until it was read once'),
  mediaType: z.string().nullable(),
  present: z.boolean(),
  changedAt: timestamp,
  checkedAt: timestamp.nullable().describe('When the registry last confirmed the digest'),
  arrival: identifier.nullable().describe('Last arrival of the tag'),
  verdict: verdictState.nullable().describe('Verdict of the inspections of that arrival'),
  inForce,
  problem: registryProblem.nullable(),
});
export type RegistryTag = z.output<typeof registryTag>;

export const arrivalSources = ['gate', 'webhook', 'poll', 'backlog', 'manual'] as const;
export type ArrivalSource = (typeof arrivalSources)[number];

/** What a change of a tag was learnt from: as for arrivals, or our own removal of its image. */
export const tagChangeSources = [...arrivalSources, 'quarantine'] as const;
export type TagChangeSource = (typeof tagChangeSources)[number];

export const tagChange = z.object({
  repository: z.string(),
  tag: z.string(),
  change: z.enum(['appeared', 'moved', 'disappeared']),
  digest: z.string().nullable(),
  previous: z.string().nullable().describe('The digest before, if the tag had another one'),
  source: z.enum(tagChangeSources),
  actor: z.string().nullable().describe('Who pushed, as the registry says'),
  at: timestamp,
});
export type TagChange = z.output<typeof tagChange>;

export const arrivalStates = ['waiting', 'inspecting', 'inspected', 'failed'] as const;
export type ArrivalState = (typeof arrivalStates)[number];

export const arrival = z.object({
  id: identifier,
  project: projectName,
  registry: registryName,
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string(),
  mediaType: z.string().nullable(),
  reference: z.string().describe('Reference of the image, pinned to the digest'),
  source: z.enum(arrivalSources),
  actor: z.string().nullable().describe('Who pushed, as the registry says'),
  state: z.enum(arrivalStates),
  verdict: verdictState
    .nullable()
    .describe('Worst verdict of its images when it was inspected; `inForce` has the latest'),
  inspections: z.array(identifier).describe('One for each platform setting'),
  attempts: z.number().int(),
  problem: registryProblem.nullable(),
  pushedAt: timestamp.nullable().describe('Time of the push, as the registry says'),
  recordedAt: timestamp,
  settledAt: timestamp.nullable(),
  decision: identifier.nullable().describe('What a policy decided when it had settled'),
  action: z.enum(decisionActions).nullable().describe('The strictest action of that decision'),
  effect: decisionEffect
    .nullable()
    .describe('Effect of that action in the registry; null if it changes nothing there'),
  inForce: inForce
    .unwrap()
    .extend({ effect: decisionEffect.nullable() })
    .nullable()
    .describe('As for tags, with the effect of its action in the registry'),
});
export type Arrival = z.output<typeof arrival>;

/** The result of a reported push. */
export const pushOutcomes = [
  /** A new arrival. */
  'recorded',
  /** The event, or the same digest of the tag, is recorded already. */
  'known',
  /** The digest is not known yet and is read from the registry. */
  'resolving',
  /** The settings of the registry exclude the repository or tag. */
  'ignored',
] as const;
export type PushOutcome = (typeof pushOutcomes)[number];
