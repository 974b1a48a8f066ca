/**
 * Every option once: key, schema, default, help. The file (YAML), the environment and the flags
 * all derive from this table, and so does docs/configuration.md. Later sources win, in that order.
 */
import { durationSeconds, limits, sizeBytes } from '@lazaret/protocol';
import { z } from 'zod';

import { gateOptions } from './gate-options.ts';
import { inspectionOption } from './inspection-option.ts';
import { hookOption } from './hook-option.ts';
import { notificationOption } from './notification-option.ts';
import { flag, listenAddress, listOf, option, portMax, portOf, type Option } from './option.ts';
import { registryOption } from './registry-option.ts';
import { scriptsOption } from './scripts-option.ts';

export const roleNames = ['api', 'scheduler', 'worker', 'inspector', 'watcher', 'gate'] as const;
export type RoleName = (typeof roleNames)[number];

const nodeOption = z.strictObject({
  name: z
    .string()
    .max(limits.nameChars)
    .regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected lower-case letters, digits, dots or dashes'),
  /** `unix:///var/run/docker.sock` or `tcp://host:2376`. */
  endpoint: z
    .string()
    .regex(/^(unix:\/\/\/|tcp:\/\/)\S+$/, {
      error: 'expected unix:///PATH or tcp://HOST:PORT',
      abort: true,
    })
    .refine(
      (text) => !/:\d+$/.test(text) || portOf(text) <= portMax,
      `expected a port from 0 to ${portMax}`,
    ),
  labels: z.record(z.string().max(limits.nameChars), z.string().max(limits.nameChars)).default({}),
  memory: sizeBytes(limits.memoryBytesMin, limits.memoryBytesMax).optional(),
  cpus: z.number().min(limits.cpusMin).max(limits.cpusMax).optional(),
  /** Files with PEM contents for tcp:// endpoints. */
  tls: z.strictObject({ ca: z.string(), cert: z.string(), key: z.string() }).optional(),
});
export type NodeOption = z.output<typeof nodeOption>;

export const options = {
  data: option({
    schema: z.string().min(1),
    fallback: './data',
    summary: 'Directory of all data of Lazaret; created when missing',
  }),
  listen: option({
    schema: listenAddress,
    fallback: '127.0.0.1:8100',
    summary: 'Address to listen on; loopback by default. Port 0 uses any free port',
  }),
  publicUrl: option({
    schema: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]),
    fallback: '',
    summary: 'Public URL when the server is behind a proxy; may have a path',
  }),
  trustedProxies: option({
    schema: listOf(z.string()),
    fallback: [],
    summary: 'Addresses of proxies whose X-Forwarded-For is trusted',
  }),
  requestsPerMinute: option({
    schema: z.coerce.number().int().min(1).max(10_000_000),
    fallback: 30_000,
    summary: 'Requests per minute from one address',
  }),
  roles: option({
    schema: listOf(z.enum(roleNames)),
    fallback: [...roleNames],
    summary: 'Roles of this process: api, scheduler, worker, inspector, watcher, gate',
  }),
  databaseUrl: option({
    schema: z.union([
      z.literal(''),
      z.string().regex(/^postgres(ql)?:\/\/\S+$/, 'expected postgresql://USER:PASSWORD@HOST/NAME'),
    ]),
    fallback: '',
    summary: 'PostgreSQL to use; by default an embedded one runs in the data directory',
    secret: true,
    variable: 'DATABASE_URL',
  }),
  encryptionKey: option({
    schema: z.union([
      z.literal(''),
      z.string().regex(/^[0-9a-f]{64}$/i, 'expected 64 hexadecimal characters (32 bytes)'),
    ]),
    fallback: '',
    summary: 'Key to encrypt samples and results at rest',
    secret: true,
  }),
  logLevel: option({
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
    summary: 'Minimum severity of log messages',
  }),
  engineDirectory: option({
    schema: z.string(),
    fallback: '',
    summary: 'Watched directory of engine manifests (default: engines/ in the data directory)',
  }),
  policyDirectory: option({
    schema: z.string(),
    fallback: '',
    summary: 'Watched directory of policies (default: policies/ in the data directory)',
  }),
  networks: option({
    schema: listOf(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)),
    fallback: [],
    summary: 'Networks that engines may use; none by default',
  }),
  runtimes: option({
    schema: listOf(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)),
    fallback: ['runc', 'runsc', 'crun', 'kata'],
    summary: 'Runtimes that engines may use, if a node has them',
  }),
  nodes: option({
    schema: listOf(nodeOption),
    fallback: [],
    summary: 'Nodes that run containers (default: the local Docker engine)',
  }),
  dockerHost: option({
    schema: z.string().regex(/^(unix:\/\/\/|tcp:\/\/)\S+$/, {
      error: 'expected unix:///PATH or tcp://HOST:PORT',
      abort: true,
    }),
    fallback: 'unix:///var/run/docker.sock',
    summary: 'Local Docker engine, used when no nodes are configured',
    variable: 'DOCKER_HOST',
  }),
  inspection: option({
    schema: inspectionOption,
    fallback: {},
    summary: 'Inspection of images: scanners, registries, limits; see docs/operating.md',
  }),
  registries: option({
    schema: listOf(registryOption),
    fallback: [],
    summary: 'Registries to watch, besides those that are added by the API; see docs/registries.md',
  }),
  arrivalRetention: option({
    schema: durationSeconds(limits.watchRetentionMsMin, limits.watchRetentionMsMax),
    fallback: '365d',
    summary: 'How long arrivals are kept at least; current and decided ones longer',
  }),
  tagHistoryRetention: option({
    schema: durationSeconds(limits.watchRetentionMsMin, limits.watchRetentionMsMax),
    fallback: '365d',
    summary: 'How long the history of tags is kept at least; the last change of a tag longer',
  }),
  hooks: option({
    schema: listOf(hookOption),
    fallback: [],
    summary:
      'Hooks of registries, besides those that are added by the API; see docs/registry-notifications.md',
  }),
  notifications: option({
    schema: listOf(notificationOption),
    fallback: [],
    summary:
      'Targets of notifications, besides those that are added by the API; see docs/notifications.md',
  }),
  quarantineSpace: option({
    schema: sizeBytes(limits.quarantineSpaceBytesMin, limits.quarantineSpaceBytesMax),
    fallback: '100GiB',
    summary: 'How much evidence of quarantined images may be stored; see docs/quarantine.md',
  }),
  quarantineRetention: option({
    schema: durationSeconds(limits.quarantineRetentionMsMin, limits.quarantineRetentionMsMax),
    fallback: '90d',
    summary: 'How long evidence of quarantined images is kept at least; then it may be purged',
  }),
  scripts: option({
    schema: scriptsOption,
    fallback: {},
    summary: 'Collector scripts in containers of inspected images; see docs/scripts.md',
  }),
  ...gateOptions,
  openLegacy: option({
    schema: flag,
    fallback: false,
    summary: 'Allow the legacy upload, result and link calls without a token',
  }),
  onStop: option({
    schema: z.enum(['leave', 'stop']),
    fallback: 'leave',
    summary: 'On shutdown: leave containers running for the next start, or stop them',
  }),
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof options;
export const optionKeys = Object.keys(options) as OptionKey[];
export type Configuration = {
  readonly [K in OptionKey]: z.output<(typeof options)[K]['schema']>;
};

/** `LAZARET_LOG_LEVEL` */
export function variableOf(key: OptionKey): string {
  return `LAZARET_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `--log-level` */
export function flagOf(key: OptionKey): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
