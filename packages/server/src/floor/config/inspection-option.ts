/** The section `inspection` of the configuration: what images are inspected with. */
import { limits, parseDuration, parseSize, units } from '@lazaret/protocol';
import { z } from 'zod';
import { ociLimits } from '@lazaret/oci';

import { serverLimits } from '../limits.ts';

/** `registry.lab`, `10.0.0.5:5000`, `[::1]:5000`. */
const host = z
  .string()
  .max(ociLimits.repositoryNameChars)
  .regex(
    /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?$/i,
    'expected HOST or HOST:PORT',
  );
const hosts = z.array(host).default([]);
const path = z.string().min(1);
const paths = z.array(path).default([]);

const rateWindow = z
  .strictObject({
    requests: z.number().int().min(1).max(ociLimits.registryRateRequests),
    period: z.preprocess(
      (value) => (typeof value === 'string' ? (parseDuration(value) ?? value) : value),
      z
        .number({ error: 'expected a duration such as 6h' })
        .int()
        .min(1)
        .max(ociLimits.registryRatePeriodMs),
    ),
  })
  .transform(({ requests, period }) => ({ requests, periodMs: period }));

const registries = z.strictObject({
  /** Hosts that may be at private addresses; all others must be at public ones. */
  private: hosts,
  /** Spoken to without TLS; may be at private addresses. */
  plainHttp: hosts,
  /** Whose certificates are not checked; may be at private addresses. */
  skipVerify: hosts,
  /** Files of authorities to trust, PEM. */
  caFiles: paths,
  /** `config.json` of docker. */
  credentialsFile: path.optional(),
  /** `auth.json` of the containers tools, asked after that. */
  containersAuth: paths,
  /** Files with Kubernetes pull secrets, asked last. */
  pullSecrets: paths,
  /** Programs that those files name are started where this is given, with PATH, HOME, and these. */
  credentialHelpers: z
    .strictObject({ environment: z.record(z.string(), z.string()).default({}) })
    .optional(),
  /** By host, or `*` for all others: windows that must all have capacity for a request. */
  rates: z
    .record(
      z.union([host, z.literal('*')]),
      z.array(rateWindow).min(1).max(ociLimits.registryRateWindows),
    )
    .default({}),
  /** By host: the hosts that are asked first for its images. */
  mirrors: z.record(host, z.array(host)).default({}),
  /** Where layers outside a registry may be fetched from. */
  foreign: hosts,
  /** Whether unlisted registries at public addresses are allowed. */
  public: z.boolean().default(true),
});

const section = z.strictObject({
  /** `/run/clamav/clamd.ctl` or `host:port`. */
  clamd: z.string().min(1).optional(),
  /** Where clamd keeps its signatures, when some are your own; `/var/lib/clamav` is looked at. */
  clamdDatabase: path.optional(),
  /** Files and directories. */
  yaraRules: paths,
  denyLists: paths,
  allowLists: paths,
  /** NSRL RDS v3, SQLite. */
  softwareReference: path.optional(),
  similarityLists: paths,
  secrets: z.boolean().default(true),
  /** As `lazaret inspect` uses it. */
  vulnerabilityDatabase: path.optional(),
  registries: z.preprocess((value) => value ?? {}, registries),
  /** Whether images of the local engine may be inspected: `docker:NAME`. */
  dockerDaemon: z.boolean().default(false),
  /** Whether callers may name paths and containers of this machine. */
  allowLocal: z.boolean().default(false),
  cacheBytes: z.preprocess(
    (value) => (typeof value === 'string' ? (parseSize(value) ?? value) : value),
    z
      .number({ error: 'expected a size such as 2GiB' })
      .int()
      .min(units.MiB)
      .default(serverLimits.cacheBytesDefault),
  ),
  /** Inspections at a time. */
  concurrency: z.number().int().min(1).max(serverLimits.inspectionsAtOnceMax).default(1),
  /** Threads for the layers of one; as many as there are cores unless given. */
  parallel: z.number().int().min(0).max(limits.inspectParallelMax).optional(),
  timeLimit: z.preprocess(
    (value) => (typeof value === 'string' ? (parseDuration(value) ?? value) : value),
    z
      .number({ error: 'expected a duration such as 30m' })
      .int()
      .min(1_000)
      .max(serverLimits.inspectionMsMax)
      .default(serverLimits.inspectionMs),
  ),
});

/** In the environment and in flags it is JSON. */
export const inspectionOption: z.ZodType<z.output<typeof section>> = z.preprocess((value) => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}, section) as unknown as z.ZodType<z.output<typeof section>>;
export type InspectionOption = z.output<typeof section>;
