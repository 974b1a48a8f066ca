/**
 * Collector scripts: programs that run in a container of an image and print what they find. A run
 * is one script in one image; its output is data of the image, never markup.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, timestamp } from '../core/fields.ts';
import { limits } from '../limits.ts';
import { digest } from '../reports/digest.ts';

export const scriptName: z.ZodString = z
  .string()
  .max(limits.scriptNameChars)
  .regex(
    /^[a-z0-9][a-z0-9._-]*$/,
    'expected lower-case letters, digits, dots, dashes or underscores, starting with a letter or digit',
  );

export const scriptKinds = ['shell', 'python', 'javascript', 'binary'] as const;
export type ScriptKind = (typeof scriptKinds)[number];
export const scriptFormats = ['text', 'json', 'yaml'] as const;
export type ScriptFormat = (typeof scriptFormats)[number];

const pattern = line(limits.scriptPatternChars).min(1);
const patterns = z.array(pattern).max(limits.scriptPatterns);
const platformPattern = line(limits.nameChars).regex(
  /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/,
  'expected os/arch or os/arch/variant, as in linux/amd64',
);

/** What the configuration of a script says besides its content. */
export const scriptSettings = z.object({
  format: z
    .enum(scriptFormats)
    .default('text')
    .describe('What the script prints; `json` and `yaml` are parsed, once it ended'),
  images: patterns
    .default([])
    .describe(
      'Globs of image names without tag, as in `registry.lab/team/*`; `**` crosses slashes (default: every image)',
    ),
  labels: patterns
    .default([])
    .describe('Labels that the image must have: `key` or `key=value` (default: none)'),
  platforms: z
    .array(platformPattern)
    .max(limits.scriptPatterns)
    .default([])
    .describe('Platforms of the image (default: every one that the container engine runs)'),
  user: z
    .string()
    .regex(/^\d{1,7}(:\d{1,7})?$/, 'expected a numeric user, as in 65532:65532')
    .default('65532:65532')
    .describe(
      'Numeric user and group; `0:0` reads files that only root may read, and has no capabilities',
    ),
  seconds: z
    .number()
    .int()
    .min(limits.scriptSecondsMin)
    .max(limits.scriptSecondsMax)
    .default(60)
    .describe('Time limit'),
  outputBytes: z
    .number()
    .int()
    .min(limits.scriptOutputBytesMin)
    .max(limits.scriptOutputBytesMax)
    .default(1_048_576)
    .describe('Limit of standard output; standard error has a sixteenth of it'),
  memoryBytes: z
    .number()
    .int()
    .min(limits.scriptMemoryBytesMin)
    .max(limits.memoryBytesMax)
    .default(268_435_456)
    .describe('Memory limit, including what the script writes to `$TMPDIR`'),
  processes: z
    .number()
    .int()
    .min(1)
    .max(limits.scriptProcessesMax)
    .default(64)
    .describe('Limit of processes and threads'),
});
export type ScriptSettings = z.output<typeof scriptSettings>;

export const scriptRequest = z.object({
  name: scriptName.describe('Name of the script'),
  kind: z
    .enum(scriptKinds)
    .describe('What runs it; `binary` is a statically linked program for Linux'),
  content: z
    .string()
    .max(limits.scriptContentChars)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected the content in base64')
    .describe('The script, in base64'),
  ...scriptSettings.shape,
});
export type ScriptRequest = z.output<typeof scriptRequest>;

export const scriptSources = ['api', 'directory', 'default'] as const;

export const script = z.object({
  name: scriptName,
  kind: z.enum(scriptKinds),
  source: z
    .enum(scriptSources)
    .describe('`api`: added by a user; `directory`: a watched file; `default`: ships with Lazaret'),
  enabled: z.boolean(),
  sha256: z.string().describe('SHA-256 of the content'),
  revision: z
    .string()
    .describe('SHA-256 of the content and of all settings that influence a run; results have it'),
  sizeBytes: z.number().int(),
  settings: scriptSettings,
  counts: z.object({
    queued: z.number().int().describe('Runs that wait or run'),
    succeeded: z.number().int(),
    failed: z.number().int().describe('Runs with any other outcome'),
  }),
  planned: z.boolean().describe('Whether all stored images were considered; new ones always are'),
  remainingImages: z.number().int().describe('Stored images that are still to be considered'),
  createdBy: z.string(),
  createdAt: timestamp,
  changedAt: timestamp,
});
export type Script = z.output<typeof script>;

export const scriptDetail = script.extend({
  text: z
    .string()
    .nullable()
    .describe('The content; null for a binary, and when it is not valid UTF-8'),
});
export type ScriptDetail = z.output<typeof scriptDetail>;

export const scriptRunStates = ['queued', 'running', 'finished'] as const;
export type ScriptRunState = (typeof scriptRunStates)[number];

/** Every outcome of a run; only the first is a success. */
export const scriptOutcomes = {
  succeeded: 'It exited with 0 within its limits, and its output has the declared format.',
  exit_code: 'It exited with another code; output and code are kept.',
  invalid_output: 'It exited with 0, but its output does not have the declared format.',
  time_limit: 'It was killed at its time limit; the output is incomplete.',
  output_limit: 'It was killed because it printed too much; the output is incomplete.',
  memory_limit: 'The kernel killed it at its memory limit; the output is incomplete.',
  process_limit: 'It reached its limit of processes and failed.',
  unsupported:
    'It cannot run: the platform of the image or the kind of the script is not supported.',
  not_run: 'It did not run: the image could not be read, or the container could not be started.',
} as const;
export type ScriptOutcome = keyof typeof scriptOutcomes;
const outcomeNames = Object.keys(scriptOutcomes) as [ScriptOutcome, ...ScriptOutcome[]];
export const scriptOutcome = z.enum(outcomeNames);

export const scriptRun = z.object({
  id: identifier,
  script: scriptName,
  kind: z.enum(scriptKinds),
  sha256: z.string().describe('SHA-256 of the content that ran'),
  revision: z.string(),
  current: z
    .enum(['current', 'outdated', 'removed'])
    .describe('Whether the script is still as it ran: it may have been changed or removed since'),
  project: projectName,
  digest,
  platform: z.string().nullable(),
  state: z.enum(scriptRunStates),
  outcome: scriptOutcome.nullable().describe('Null while it waits or runs'),
  detail: z.string().describe('Why, as text'),
  exitCode: z.number().int().nullable(),
  limitsReached: z.array(z.string()).describe('Limits that it reached, also if it went on'),
  outputBytes: z.number().int(),
  findings: z.number().int().describe('Disagreements between its packages and the inventory'),
  waitReason: z.string().nullable().describe('Why it waits'),
  requestedBy: z.string(),
  requestedAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  durationMs: z.number().int().nullable(),
});
export type ScriptRun = z.output<typeof scriptRun>;

export const scriptRunDetail = scriptRun.extend({
  output: z.unknown().describe('The parsed output; null unless it has the declared format'),
  stdout: z.string().describe('Standard output as text'),
  stderr: z.string().describe('Start of standard error'),
  stderrTruncated: z.boolean(),
  user: z.string(),
  variablesDropped: z
    .array(z.string())
    .describe('Variables of the image that were not passed on, because they steer interpreters'),
});
export type ScriptRunDetail = z.output<typeof scriptRunDetail>;

export const packageDisagreementKinds = ['missing_inside', 'missing_static', 'version'] as const;

/** One package about which the image itself and its inspection say different things. */
export const packageDisagreement = z.object({
  script: scriptName,
  run: identifier,
  rule: z
    .enum(packageDisagreementKinds)
    .describe(
      '`missing_inside`: the inventory has it and the image does not list it; `missing_static`: the image lists it and the inventory does not have it; `version`: the versions differ',
    ),
  type: z.string().describe('Type of the package, as in package URLs'),
  package: z.string(),
  architecture: z.string().nullable(),
  inside: z.string().nullable().describe('Version that the image lists'),
  static: z.string().nullable().describe('Version in the inventory of the inspection'),
});
export type PackageDisagreement = z.output<typeof packageDisagreement>;

export const scriptStatus = z.object({
  enabled: z.boolean().describe('Whether the server runs scripts at all: the option `scripts`'),
  paused: z.boolean(),
  pausedBy: z.string().nullable(),
  node: z.string().nullable().describe('Node whose container engine runs them'),
  problem: z.string().nullable().describe('Why nothing runs now'),
  kinds: z
    .array(z.object({ kind: z.enum(scriptKinds), problem: z.string().nullable() }))
    .describe('Kinds of scripts, and why one is not supported'),
  queued: z.number().int(),
  running: z.number().int(),
  remainingImages: z.number().int().describe('Images that are still to be considered, summed up'),
  seenAt: timestamp.nullable().describe('When a runner last reported'),
});
export type ScriptStatus = z.output<typeof scriptStatus>;
