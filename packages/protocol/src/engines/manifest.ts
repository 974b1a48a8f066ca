/** The engine manifest with its defaults and limits. */
import { z } from 'zod';

import { line, textOfBytes } from '../core/fields.ts';
import { durationSeconds, sizeBytes } from '../core/quantity.ts';
import { units } from '../core/units.ts';
import { limits } from '../limits.ts';

const { MiB, GiB } = units;

/** First path segments that an engine must not shadow (`/<engine>/upload` is a route). */
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
    message: 'must not be in a system directory; use for example /in or /data',
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
    mount: mountPoint.default('/in').describe('Directory in the container with the inputs'),
    name: textOfBytes(limits.fileNameBytes)
      .regex(/^[^/\0]+$/, 'expected a file name')
      .optional()
      .describe('Fixed file name for a single input; several inputs keep their own names'),
    count: z
      .strictObject({
        min: z.number().int().min(0).max(limits.inputsPerJob).default(1),
        max: z.number().int().min(0).max(limits.inputsPerJob).default(1),
      })
      .refine((count) => count.min <= count.max, { message: 'min is above max' })
      .prefault({}),
    maxBytes: sizeBytes(1, limits.uploadBytes).prefault(64 * MiB),
    kinds: z
      .array(line(100))
      .max(50)
      .default([])
      .describe('Accepted media types, detected from the content; empty accepts all'),
  })
  .prefault({});

const missingResult = z.enum(['fail', 'succeed']);

const output = z
  .strictObject({
    mount: mountPoint.default('/out'),
    result: relativeFile
      .optional()
      .describe('Path of the single result file; if omitted, all artifacts are the result'),
    artifacts: globs.default(['**']),
    optional: globs.default([]).describe('Globs that are allowed to match no file'),
    missing: missingResult.default('fail').describe('Outcome if the result is missing'),
    empty: missingResult.default('fail').describe('Outcome if the result is empty'),
  })
  .prefault({});

const tmpBytes = sizeBytes(1 * MiB, limits.memoryBytesMax);
const tmpBytesDefault = 64 * MiB;

function resourceFields<T extends z.ZodType>(tmp: T) {
  return z.strictObject({
    memory: sizeBytes(limits.memoryBytesMin, limits.memoryBytesMax).prefault(512 * MiB),
    cpus: z.number().min(limits.cpusMin).max(limits.cpusMax).default(1),
    pids: z.number().int().min(limits.pidsMin).max(limits.pidsMax).default(256),
    disk: sizeBytes(1 * MiB, limits.outputBytesMax)
      .prefault(1 * GiB)
      .describe('Disk space for files outside /tmp'),
    tmp: tmp.describe(
      'Size of the tmpfs at /tmp, which counts as memory; by default 64 MiB, at most the memory',
    ),
    output: sizeBytes(1, limits.outputBytesMax)
      .prefault(256 * MiB)
      .describe('Total size of collected results'),
    outputEntries: z.number().int().min(1).max(limits.outputEntriesMax).default(1_000),
    log: sizeBytes(1_024, limits.logBytesMax).prefault(1 * MiB),
    openFiles: z.number().int().min(16).max(limits.openFilesMax).default(1_024),
  });
}

const completeResources = resourceFields(tmpBytes);

const resources = resourceFields(tmpBytes.optional())
  .transform((given): z.input<typeof completeResources> => ({
    ...given,
    tmp: given.tmp ?? Math.min(tmpBytesDefault, given.memory),
  }))
  .pipe(completeResources)
  .prefault({});

const retry = z
  .strictObject({
    attempts: z
      .number()
      .int()
      .min(1)
      .max(limits.attemptsMax)
      .default(3)
      .describe('Maximum attempts for platform failures (lost node, container engine error)'),
    workload: z
      .number()
      .int()
      .min(0)
      .max(limits.attemptsMax)
      .default(0)
      .describe('Additional attempts if the engine itself fails'),
  })
  .prefault({});

const parameters = z.strictObject({
  schema: z
    .record(z.string(), z.unknown())
    .describe('JSON Schema (draft 2020-12) of job parameters'),
  pass: z
    .enum(['json', 'argv', 'environment'])
    .default('json')
    .describe(
      '`json`: file parameters.json next to the input; `argv`: --name value; `environment`: NAME=value',
    ),
});

/** The engine manifest. Parsing fills in all defaults. */
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
    command: z
      .array(argument)
      .min(1)
      .max(limits.commandArguments)
      .optional()
      .describe('Program and arguments, passed without a shell; default: the command of the image'),
    shell: argument.optional().describe('Command line for /bin/sh -c, instead of `command`'),
    workdir: textOfBytes(limits.pathBytes).regex(/^\//, 'expected an absolute path').optional(),
    environment: environment.default({}),
    input,
    output,
    parameters: parameters.optional(),
    user: userId
      .prefault(65_532)
      .describe('Numeric uid or uid:gid. Root must be given explicitly.'),
    resources,
    timeLimit: durationSeconds(100, limits.timeLimitMsMax).prefault('10m'),
    queueTimeLimit: durationSeconds(1_000, limits.queueTimeLimitMsMax).prefault('24h'),
    stopGrace: durationSeconds(0, limits.stopGraceMsMax).prefault('5s'),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(limits.concurrencyMax)
      .optional()
      .describe(
        'Maximum concurrent containers of this engine on all nodes; default: limited by node capacity',
      ),
    network: z
      .string()
      .max(limits.nameChars)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
      .default('none')
      .describe('`none`, or the name of a network that the operator allows'),
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
    message: '/tmp counts as memory: expected at most resources.memory',
    path: ['resources', 'tmp'],
  });

export type EngineManifest = z.output<typeof engineManifest>;
export type EngineManifestInput = z.input<typeof engineManifest>;
