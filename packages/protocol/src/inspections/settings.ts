/**
 * Settings of inspections: scanners, registries and bounds. One schema for the section `inspection`
 * of a configuration file, which the server and `lazaret inspect --config` read, for the flags of
 * the command line, and for what the analysis is given.
 */
import { z } from 'zod';

import { formatDuration, formatSize, parseDuration, parseSize } from '../core/quantity.ts';
import { limits } from '../limits.ts';
import { filePath } from '../registries/connection.ts';
import { registrySettings } from '../registries/settings.ts';
import { parseClamdAddress } from './clamd-address.ts';

const filePaths = z.array(filePath).default([]);

export const scannerSettings = z.strictObject({
  clamd: z
    .string()
    .refine((text) => parseClamdAddress(text) !== undefined, {
      error: ({ input }) =>
        `expected a socket or host:port, such as /run/clamav/clamd.ctl, received ${JSON.stringify(input)}`,
    })
    .optional()
    .describe('clamd: path of its socket, or `host:port`'),
  clamdDatabase: filePath
    .optional()
    .describe('Signature directory of clamd, `/var/lib/clamav` unless given'),
  yaraRules: filePaths.describe('Files and directories of YARA rules'),
  denyLists: filePaths.describe('Files with digests of known malicious files'),
  allowLists: filePaths.describe('Files with digests of known software; do not change verdicts'),
  softwareReference: filePath.optional().describe('NSRL database (RDS v3, SQLite)'),
  similarityLists: filePaths.describe('Files with similarity digests of known malicious files'),
  secrets: z.boolean().default(true).describe('Whether files are scanned for secrets'),
});
export type ScannerSettings = z.output<typeof scannerSettings>;

/** By scanner: the settings that configure it, the required one first. */
export const scannerSettingKeys = {
  clamav: ['clamd', 'clamdDatabase'],
  yara: ['yaraRules'],
  'hash-set': ['denyLists', 'allowLists', 'softwareReference'],
  similarity: ['similarityLists'],
  secrets: ['secrets'],
} as const satisfies Record<string, readonly (keyof ScannerSettings)[]>;
export type ScannerId = keyof typeof scannerSettingKeys;
export const scannerIds = Object.keys(scannerSettingKeys) as ScannerId[];

/** The scanners that the settings configure. */
export function listConfiguredScanners(settings: Partial<ScannerSettings>): ScannerId[] {
  return scannerIds.filter((id) => {
    // The signature directory of clamd is of no use without its address.
    const keys = id === 'clamav' ? (['clamd'] as const) : scannerSettingKeys[id];
    return keys.some((key) => {
      const value = settings[key];
      return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    });
  });
}

/** Only the settings of these scanners, without other settings. */
export function pickScannerSettings(
  settings: Partial<ScannerSettings>,
  ids: readonly ScannerId[],
): Partial<ScannerSettings> {
  const keys = ids.flatMap((id): readonly (keyof ScannerSettings)[] => scannerSettingKeys[id]);
  const given = keys.filter((key) => settings[key] !== undefined);
  return Object.fromEntries(given.map((key) => [key, settings[key]]));
}

function tooSmall(least: string, input: unknown): string {
  return `expected at least ${least}, received ${JSON.stringify(input)}`;
}

/** A size in bytes, or text with a unit. */
const cacheBytes = z.preprocess(
  (value) => (typeof value === 'string' ? (parseSize(value) ?? value) : value),
  z
    .number({
      error: ({ input }) => `expected a size such as 2GiB, received ${JSON.stringify(input)}`,
    })
    .int()
    .min(limits.inspectionCacheBytesMin, {
      error: ({ input }) => tooSmall(formatSize(limits.inspectionCacheBytesMin), input),
    })
    .default(limits.inspectionCacheBytes),
);

/** Milliseconds, or text with a unit. */
const timeLimit = z.preprocess(
  (value) => (typeof value === 'string' ? (parseDuration(value) ?? value) : value),
  z
    .number({
      error: ({ input }) => `expected a duration such as 30m, received ${JSON.stringify(input)}`,
    })
    .int()
    .min(1_000, { error: ({ input }) => tooSmall('1s', input) })
    .max(limits.inspectionMsMax, {
      error: ({ input }) =>
        `expected at most ${formatDuration(limits.inspectionMsMax)}, received ${JSON.stringify(input)}`,
    })
    .default(limits.inspectionMs),
);

/** The section `inspection` of a configuration file. */
export const inspectionSettings = z.strictObject({
  ...scannerSettings.shape,
  vulnerabilityDatabase: filePath
    .optional()
    .describe('Advisory database made by `lazaret inspect advisories`'),
  registries: z.preprocess((value) => value ?? {}, registrySettings),
  dockerDaemon: z
    .boolean()
    .default(false)
    .describe('Whether callers of a server may inspect images of its Docker engine'),
  allowLocal: z
    .boolean()
    .default(false)
    .describe('Whether callers of a server may name archives and layouts at paths of the server'),
  cacheBytes: cacheBytes.describe('Maximum size of the cache'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(limits.inspectionsAtOnceMax)
    .default(1)
    .describe('Inspections that a server runs at a time'),
  parallel: z
    .number()
    .int()
    .min(0)
    .max(limits.inspectParallelMax)
    .optional()
    .describe('Layers examined in parallel, as many as there are cores unless given'),
  timeLimit: timeLimit.describe('Time limit of one inspection on a server'),
});
export type InspectionSettings = z.output<typeof inspectionSettings>;

/** Path of a setting in messages and pages: `inspection.yaraRules`. */
export function inspectionSettingPath(key: keyof InspectionSettings): string {
  return `inspection.${key}`;
}
