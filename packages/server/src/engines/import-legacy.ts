/** Converts an entry of a legacy `engines.json` to a manifest. */
import {
  describeIssue,
  engineManifest,
  formatDuration,
  limits,
  Problem,
  type EngineManifest,
  type EngineManifestInput,
  nearestName,
} from '@lazaret/protocol';
import { z } from 'zod';

import { mapRunFlags, type FlagFields } from './legacy-run-flags.ts';

export interface LegacyEngine {
  readonly manifest: EngineManifest;
  /** No worker was started for an entry without workers. */
  readonly enabled: boolean;
}

const text = z.string().max(limits.commandArgumentBytes);
const entrySchema = z.strictObject({
  name: text,
  image: text,
  cmd: text.min(1),
  mountpoint: text,
  sizelimit: z
    .number()
    .int()
    .min(1, '0 refused every upload; expected the largest upload in bytes'),
  workers: z.number().int().min(0).default(0),
  inputfilename: text.optional(),
  user: z.number().int().min(0).optional(),
  runflags: z.union([text, z.array(text).max(limits.commandArguments)]).default([]),
  timeout: z.number().int().min(0).default(0),
});

/** Throws `invalid_manifest` with the reason, with the field names of the entry. */
export function convertLegacyEngine(entry: Readonly<Record<string, unknown>>): LegacyEngine {
  const given = lowerKeys(entry);
  const legacy = entrySchema.safeParse(given);
  if (!legacy.success) {
    throw refuse(given, legacy.error.issues, Object.keys(entrySchema.shape));
  }
  const flags = mapRunFlags(legacy.data.runflags);
  const manifest = toManifest(legacy.data, flags);
  const converted = engineManifest.safeParse(manifest);
  if (!converted.success) throw refuse(manifest, converted.error.issues, []);
  return { manifest: converted.data, enabled: legacy.data.workers > 0 };
}

/** The name of an entry, for the list of refused ones. */
export function legacyName(entry: Readonly<Record<string, unknown>>, position: number): string {
  const name = Object.entries(entry).find(([key]) => key.toLowerCase() === 'name')?.[1];
  return typeof name === 'string' && name !== ''
    ? name.slice(0, limits.nameChars)
    : `entry ${position + 1}`;
}

/** Keys of `engines.json` are case-insensitive. */
function lowerKeys(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lowered = new Map<string, unknown>();
  for (const [key, value] of Object.entries(entry)) {
    const lower = key.toLowerCase();
    if (lowered.has(lower)) {
      throw new Problem('invalid_manifest', `${lower}: is used twice, in different case`);
    }
    lowered.set(lower, value);
  }
  return Object.fromEntries(lowered);
}

function refuse(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  known: readonly string[],
): Problem {
  const fields = issues.flatMap((issue) =>
    describeIssue(issue, '', value).map(({ path, message }) => {
      const meant = issue.code === 'unrecognized_keys' ? nearestName(path, known) : undefined;
      return {
        path,
        message: meant === undefined ? message : `${message}; did you mean ${meant}?`,
      };
    }),
  );
  const detail = fields.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new Problem('invalid_manifest', detail, { fields });
}

function toManifest(entry: z.output<typeof entrySchema>, flags: FlagFields): EngineManifestInput {
  const mount = entry.mountpoint.length > 1 ? entry.mountpoint.replace(/\/+$/, '') : '/';
  const user = flags.user ?? entry.user;
  return {
    name: entry.name,
    description: describe(entry, user === undefined),
    image: entry.image,
    command: ['/bin/bash', '-c', entry.cmd],
    environment: flags.environment,
    input: {
      mount,
      maxBytes: entry.sizelimit,
      ...(entry.inputfilename === undefined ? {} : { name: entry.inputfilename }),
    },
    // Only the file `result` next to the input was collected.
    output: { mount, result: 'result', artifacts: [], missing: 'fail', empty: 'fail' },
    ...(user === undefined ? {} : { user }),
    resources: flags.resources,
    ...(entry.timeout === 0 ? {} : { timeLimit: `${entry.timeout}s` }),
    ...(entry.workers === 0 ? {} : { concurrency: entry.workers }),
    ...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
    ...(flags.network === undefined ? {} : { network: flags.network }),
    ...(flags.runtime === undefined ? {} : { runtime: flags.runtime }),
    ...(flags.stopGrace === undefined ? {} : { stopGrace: flags.stopGrace }),
  };
}

/** Differences are listed in the description of the engine. */
function describe(entry: z.output<typeof entrySchema>, userMissing: boolean): string {
  const defaults = engineManifest.parse({ name: 'xx', image: 'x' });
  const notes = [
    entry.timeout === 0 &&
      `It had no time limit; now ${formatDuration(defaults.timeLimit * 1_000)} unless the manifest says more.`,
    userMissing && `It ran as root; now as ${defaults.user}.`,
    entry.workers === 0 && 'It had no workers, so it is disabled.',
  ];
  return ['Imported from engines.json.', ...notes.filter(Boolean)].join(' ');
}
