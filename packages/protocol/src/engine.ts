/** Engine: a named, versioned analyzer. Its manifest, and the operations on engines. */
import { z } from 'zod';

import { line, page, paging, queryBoolean, timestamp } from './fields.ts';
import { limits } from './limits.ts';
import { defineOperation } from './operation.ts';
import { durationSeconds, sizeBytes } from './quantity.ts';
import { units } from './units.ts';

const { MiB, GiB } = units;

/** First segments of paths that an engine must not shadow (`/<engine>/upload` is a route). */
export const reservedEngineNames: readonly string[] = [
  ...['admin', 'api', 'artifacts', 'assets', 'audit', 'auth', 'batches', 'console', 'docs'],
  ...['engines', 'events', 'favicon', 'files', 'fleet', 'health', 'healthz', 'hunt', 'images'],
  ...['jobs', 'lazaret', 'link', 'livez', 'login', 'logout', 'metrics', 'monitor', 'nodes'],
  ...['openapi', 'policies', 'projects', 'readyz', 'registries', 'result', 'results', 'root'],
  ...['sessions', 'settings', 'setup', 'static', 'status', 'submit', 'tokens', 'upload', 'users'],
  ...['v1', 'v2', 'webhooks', 'ws'],
];

export const engineName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,30}$/,
    'expected 2 to 31 lower-case letters, digits or dashes, starting with a letter',
  )
  .refine((name) => !reservedEngineNames.includes(name), {
    message: 'is reserved for a route of Lazaret; choose another name',
  });

const mountPoint = z
  .string()
  .max(limits.pathBytes)
  .regex(/^\/[A-Za-z0-9._/-]+$/, 'expected an absolute path')
  .refine((path) => !path.split('/').includes('..') && !path.includes('//'), {
    message: 'expected an absolute path without .. or empty segments',
  })
  .refine((path) => !/^\/(proc|sys|dev|etc|bin|sbin|lib|lib64|usr|tmp|run|boot)(\/|$)/.test(path), {
    message: 'lies in a directory of the system; choose one such as /in or /data',
  });

const relativeFile = z
  .string()
  .min(1)
  .max(limits.globChars)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    message: 'expected a path below the output directory, without ..',
  });
const globs = z.array(relativeFile).max(limits.globsPerOutput);

const argument = z
  .string()
  .max(limits.commandArgumentBytes)
  .refine((text) => !text.includes('\0'), { message: 'expected text without NUL' });

const userId = z
  .union([
    z
      .number()
      .int()
      .min(0)
      .max(2 ** 31),
    z.string().regex(/^\d{1,10}(:\d{1,10})?$/, 'expected a numeric uid, or uid:gid'),
  ])
  .transform((value) => {
    const [uid, gid] = String(value).split(':');
    return `${uid}:${gid ?? uid}`;
  })
  .pipe(z.string());

const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a variable name'),
    z
      .union([z.string().max(limits.commandArgumentBytes), z.number()])
      .transform(String)
      .pipe(z.string()),
  )
  .refine((variables) => Object.keys(variables).length <= limits.environmentVariables, {
    message: `expected at most ${limits.environmentVariables} variables`,
  });

const input = z
  .strictObject({
    /** Directory in the container that holds the inputs. */
    mount: mountPoint.default('/in'),
    /** Fixed name that the input gets; with several inputs they keep their own names. */
    name: z
      .string()
      .max(limits.fileNameBytes)
      .regex(/^[^/\0]+$/, 'expected a file name')
      .optional(),
    count: z
      .strictObject({
        min: z.number().int().min(0).max(limits.inputsPerJob).default(1),
        max: z.number().int().min(0).max(limits.inputsPerJob).default(1),
      })
      .refine((count) => count.min <= count.max, { message: 'min is above max' })
      .prefault({}),
    maxBytes: sizeBytes(1, limits.uploadBytes).prefault(64 * MiB),
    /** Media types that are taken, by content; empty takes all. */
    kinds: z.array(line(100)).max(50).default([]),
  })
  .prefault({});

const missingResult = z.enum(['fail', 'succeed']);

const output = z
  .strictObject({
    mount: mountPoint.default('/out'),
    /** The single result file; without it the artifacts are the result. */
    result: relativeFile.optional(),
    artifacts: globs.default(['**']),
    /** Globs that may match nothing. */
    optional: globs.default([]),
    /** What a missing result means. Never success by default. */
    missing: missingResult.default('fail'),
    /** What an empty result means. */
    empty: missingResult.default('fail'),
  })
  .prefault({});

const resources = z
  .strictObject({
    memory: sizeBytes(limits.memoryBytesMin, limits.memoryBytesMax).prefault(512 * MiB),
    cpus: z.number().min(limits.cpusMin).max(limits.cpusMax).default(1),
    pids: z.number().int().min(limits.pidsMin).max(limits.pidsMax).default(256),
    /** Room for files that the engine writes outside /tmp. */
    disk: sizeBytes(1 * MiB, limits.outputBytesMax).prefault(1 * GiB),
    /** Sized tmpfs at /tmp; it counts as memory. */
    tmp: sizeBytes(1 * MiB, limits.memoryBytesMax).prefault(64 * MiB),
    /** All that is collected as results. */
    output: sizeBytes(1, limits.outputBytesMax).prefault(256 * MiB),
    outputEntries: z.number().int().min(1).max(limits.outputEntriesMax).default(1_000),
    log: sizeBytes(1_024, limits.logBytesMax).prefault(1 * MiB),
    openFiles: z.number().int().min(16).max(limits.openFilesMax).default(1_024),
  })
  .prefault({});

const retry = z
  .strictObject({
    /** Attempts in all when the platform fails (node lost, engine API error). */
    attempts: z.number().int().min(1).max(limits.attemptsMax).default(3),
    /** Further attempts when the workload itself fails. */
    workload: z.number().int().min(0).max(limits.attemptsMax).default(0),
  })
  .prefault({});

const parameters = z.strictObject({
  /** JSON Schema (draft 2020-12) of a job's parameters. */
  schema: z.record(z.string(), z.unknown()),
  /**
   * json: the file parameters.json beside the input; argv: --name value; environment: NAME=value.
   */
  pass: z.enum(['json', 'argv', 'environment']).default('json'),
});

/** The manifest as people write it; parsed, it has every default filled in. */
export const engineManifest = z
  .strictObject({
    name: engineName,
    version: line(limits.nameChars).default(''),
    description: z.string().max(limits.descriptionChars).default(''),
    image: z
      .string()
      .min(1)
      .max(512)
      .regex(/^[a-z0-9][A-Za-z0-9._/:@-]*$/, 'expected an image reference such as lab/tool:1.2'),
    /** Program and arguments, passed as they are; the image's own command when left out. */
    command: z.array(argument).min(1).max(limits.commandArguments).optional(),
    /** A line for /bin/sh -c instead of a command. */
    shell: argument.optional(),
    workdir: z.string().max(limits.pathBytes).regex(/^\//, 'expected an absolute path').optional(),
    environment: environment.default({}),
    input,
    output,
    parameters: parameters.optional(),
    /** Numeric uid or uid:gid; root must be written out. */
    user: userId.prefault(65_532),
    resources,
    timeLimit: durationSeconds(100, limits.timeLimitMsMax).prefault('10m'),
    queueTimeLimit: durationSeconds(1_000, limits.queueTimeLimitMsMax).prefault('24h'),
    stopGrace: durationSeconds(0, limits.stopGraceMsMax).prefault('5s'),
    /** Containers of this engine at a time, over all nodes; without it the nodes' room decides. */
    concurrency: z.number().int().min(1).max(limits.concurrencyMax).optional(),
    /** No network, or the name of a network that the operator allows. */
    network: z
      .string()
      .max(limits.nameChars)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
      .default('none'),
    runtime: z
      .string()
      .max(limits.nameChars)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
      .optional(),
    seccomp: z.enum(['default', 'strict']).default('default'),
    successExitCodes: z.array(z.number().int().min(0).max(255)).min(1).max(256).default([0]),
    retry,
    resultType: z.enum(['opaque', 'json', 'findings']).default('opaque'),
    trusted: z.boolean().default(false),
  })
  .refine((manifest) => manifest.command === undefined || manifest.shell === undefined, {
    message: 'give either command or shell, not both',
    path: ['shell'],
  })
  .refine((manifest) => manifest.resources.tmp <= manifest.resources.memory, {
    message: '/tmp counts as memory: tmp must not be above memory',
    path: ['resources', 'tmp'],
  });

export type EngineManifest = z.output<typeof engineManifest>;
export type EngineManifestInput = z.input<typeof engineManifest>;

/** How an image was pinned when the engine was added. */
export const imagePin = z.object({
  reference: z.string(),
  digest: z.string(),
  /** A registry's manifest digest, or the id of an image that exists on the nodes only. */
  kind: z.enum(['repo-digest', 'image-id']),
});
export type ImagePin = z.output<typeof imagePin>;

export const engine = z.object({
  name: engineName,
  description: z.string(),
  enabled: z.boolean(),
  /** Counts up with every change; rollback makes an earlier one current again. */
  revision: z.number().int(),
  version: z.string(),
  image: imagePin.nullable(),
  /** directory: from the watched directory; api: over the API. */
  source: z.enum(['directory', 'api']),
  /** Why the engine cannot run now, such as an image that no node has. */
  problem: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Engine = z.output<typeof engine>;

export const engineDetail = engine.extend({
  manifest: engineManifest,
  revisions: z.array(
    z.object({
      revision: z.number().int(),
      version: z.string(),
      image: imagePin.nullable(),
      createdAt: timestamp,
      createdBy: z.string(),
    }),
  ),
});
export type EngineDetail = z.output<typeof engineDetail>;

/** A manifest file in the watched directory that was refused, and why. */
export const engineRefusal = z.object({ file: z.string(), detail: z.string(), at: timestamp });
export type EngineRefusal = z.output<typeof engineRefusal>;

const byName = z.object({ name: engineName });
const manifestBody = z.object({ manifest: engineManifest });

export const engines = {
  list: defineOperation({
    name: 'engines.list',
    method: 'GET',
    path: '/api/v1/engines',
    summary: 'List engines, and manifests that were refused',
    access: 'engines.read',
    query: z.object({ ...paging, enabled: queryBoolean.optional() }),
    output: page(engine).extend({ refused: z.array(engineRefusal) }),
    cli: {
      command: 'engines list',
      columns: ['name', 'enabled', 'version', 'revision', 'image.digest', 'source', 'problem'],
    },
  }),
  show: defineOperation({
    name: 'engines.show',
    method: 'GET',
    path: '/api/v1/engines/:name',
    summary: 'One engine with its manifest and revisions',
    access: 'engines.read',
    params: byName,
    output: engineDetail,
    errors: ['not_found'],
    cli: { command: 'engines show' },
  }),
  validate: defineOperation({
    name: 'engines.validate',
    method: 'POST',
    path: '/api/v1/engines/validate',
    summary: 'Check a manifest without adding it; answers it with every default filled in',
    access: 'engines.read',
    body: manifestBody,
    output: engineManifest,
    errors: ['invalid_manifest'],
  }),
  add: defineOperation({
    name: 'engines.add',
    method: 'POST',
    path: '/api/v1/engines',
    summary: 'Add an engine or a new revision of it; its image is pinned to a digest',
    access: 'engines.manage',
    status: 201,
    body: manifestBody,
    output: engineDetail,
    errors: ['invalid_manifest', 'image_not_found', 'container_engine_unavailable', 'conflict'],
  }),
  update: defineOperation({
    name: 'engines.update',
    method: 'PATCH',
    path: '/api/v1/engines/:name',
    summary: 'Enable or disable an engine',
    access: 'engines.manage',
    params: byName,
    body: z.object({ enabled: z.boolean() }),
    output: engineDetail,
    errors: ['not_found'],
    cli: { command: 'engines update' },
  }),
  rollback: defineOperation({
    name: 'engines.rollback',
    method: 'POST',
    path: '/api/v1/engines/:name/rollback',
    summary: 'Make an earlier revision current again (the one before, unless one is named)',
    access: 'engines.manage',
    params: byName,
    body: z.object({ revision: z.number().int().min(1).optional() }),
    output: engineDetail,
    errors: ['not_found', 'conflict'],
    cli: { command: 'engines rollback' },
  }),
  remove: defineOperation({
    name: 'engines.remove',
    method: 'DELETE',
    path: '/api/v1/engines/:name',
    summary: 'Remove an engine; its jobs stay in the history',
    access: 'engines.manage',
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'engines remove', confirm: true },
  }),
  import: defineOperation({
    name: 'engines.import',
    method: 'POST',
    path: '/api/v1/engines/import',
    summary: "Import the predecessor's engines.json; each entry is added or refused by itself",
    access: 'engines.manage',
    body: z.object({
      engines: z.array(z.record(z.string(), z.unknown())).min(1).max(limits.engines),
    }),
    output: z.object({
      imported: z.array(z.object({ name: z.string(), revision: z.number().int() })),
      refused: z.array(z.object({ name: z.string(), detail: z.string() })),
    }),
    errors: ['container_engine_unavailable'],
  }),
} as const;
