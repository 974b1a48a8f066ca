/** The flags of the commands that inspect images, in the groups that they share. */
import type { ScannerId } from '@lazaret/protocol';

import type { FlagSpec } from '../../command/command.ts';

export type ScannerName = ScannerId | 'vulnerabilities' | 'none';

/** A record, so that none is missing; not `scannerIds`, which would load schemas for the help. */
const names: Readonly<Record<ScannerName, true>> = {
  ...{ clamav: true, yara: true, 'hash-set': true, similarity: true, secrets: true },
  ...{ vulnerabilities: true, none: true },
};
export const scannerNames = Object.keys(names) as readonly ScannerName[];

export const failOnValues = [
  ...(['critical', 'high', 'medium', 'low', 'info'] as const),
  ...(['malicious', 'suspicious', 'incomplete', 'unscanned', 'never'] as const),
];
export type FailOnValue = (typeof failOnValues)[number];

export const reportFormats = [
  ...(['table', 'json', 'yaml', 'cyclonedx', 'spdx', 'sarif', 'collector'] as const),
] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** Repeatable, as syft's: one format for standard output, others with a file each. */
export const reportOutputFlag: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'format[=file]',
  repeatable: true,
  summary: `Output format: ${reportFormats.join(', ')} (default table); FORMAT=FILE writes one of several formats to a file; repeatable`,
};

export const failOnFlag: FlagSpec = {
  name: 'fail-on',
  value: 'values',
  repeatable: true,
  summary: `Exit with an error code on findings of this severity and above, or on ${failOnValues.slice(5).join(', ')} (default malicious,incomplete)`,
};

export const sectionFlags: readonly FlagSpec[] = [
  { name: 'packages', summary: 'List packages' },
  { name: 'files', summary: 'List files, in all formats except SARIF' },
  { name: 'findings', summary: 'List all findings with evidence (default: most severe only)' },
];

const imageFlags: readonly FlagSpec[] = [
  {
    name: 'platform',
    value: 'os/arch[/variant]',
    summary: 'Platform of a multi-platform image (default: that of this machine)',
  },
  { name: 'all-platforms', summary: 'Inspect every platform of a multi-platform image' },
  { name: 'offline', summary: 'Do not access the network' },
];

const scannerFlags: readonly FlagSpec[] = [
  {
    name: 'scanners',
    value: 'names',
    repeatable: true,
    summary: `Scanners to use: ${scannerNames.join(', ')} (default: all that are configured)`,
  },
  {
    name: 'clamd',
    value: 'address',
    summary: 'clamd socket or host:port (env: LAZARET_CLAMD)',
  },
  {
    name: 'clamd-database',
    value: 'directory',
    summary: 'Signature directory of clamd (default /var/lib/clamav)',
    completes: 'file',
  },
  {
    name: 'yara-rules',
    value: 'path',
    repeatable: true,
    summary: 'File or directory of YARA rules; repeatable',
    completes: 'file',
  },
  {
    name: 'deny-list',
    value: 'path',
    repeatable: true,
    summary: 'File with digests of known malicious files; repeatable',
    completes: 'file',
  },
  {
    name: 'allow-list',
    value: 'path',
    repeatable: true,
    summary: 'File with digests of known software; does not change verdicts; repeatable',
    completes: 'file',
  },
  {
    name: 'nsrl',
    value: 'path',
    repeatable: true,
    summary: 'NSRL database (RDS v3, SQLite)',
    completes: 'file',
  },
  {
    name: 'similarity-list',
    value: 'path',
    repeatable: true,
    summary: 'File with similarity digests of known malicious files; repeatable',
    completes: 'file',
  },
  {
    name: 'vulnerability-db',
    value: 'path',
    summary: 'Advisory database made by `inspect advisories`',
    completes: 'file',
  },
];

/** Names of `importAdvisories`; the package itself is loaded when it is needed. */
export const feedFormats = [
  'osv',
  'debian-tracker',
  'alpine-secdb',
  'csaf',
  'arch-tracker',
] as const;

const digestFlags: readonly FlagSpec[] = [
  {
    name: 'similarity-digests',
    summary: 'Compute TLSH, ssdeep and sdhash of executables; about ten times slower',
  },
];

const cacheFlags: readonly FlagSpec[] = [
  {
    name: 'cache-dir',
    value: 'directory',
    summary: 'Cache directory (default ~/.cache/lazaret/inspect)',
    completes: 'directory',
  },
  { name: 'cache-size', value: 'size', summary: 'Maximum cache size (default 2GiB)' },
  { name: 'no-cache', summary: 'Ignore and do not write the cache' },
];

const registryFlags: readonly FlagSpec[] = [
  {
    name: 'insecure-registry',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Skip TLS verification for this registry; repeatable',
  },
  {
    name: 'plain-http',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Use plain HTTP for this registry; repeatable',
  },
  {
    name: 'ca',
    value: 'file',
    repeatable: true,
    summary: 'Additional CA certificate (PEM); repeatable',
    completes: 'file',
  },
  {
    name: 'credentials',
    value: 'file',
    summary: 'Docker config.json with credentials (default ~/.docker/config.json)',
    completes: 'file',
  },
  {
    name: 'mirror',
    value: 'host=mirror',
    repeatable: true,
    summary: 'Pull images of the host from this mirror first; repeatable',
  },
  {
    name: 'foreign-host',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Allow foreign layers to be fetched from this host; repeatable',
  },
  {
    name: 'private-host',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Allow redirects to this host in a private network; repeatable',
  },
  {
    name: 'registry-rate',
    value: '[host=]number/period',
    repeatable: true,
    summary:
      'Rate limit per registry, e.g. docker.io=90/6h,20/1m (no host = every registry); repeatable',
  },
  // names of the legacy system for its two windows
  ...['maxreq', 'timeper', 'maxreq2', 'timeper2'].map((name) => {
    const value = name.startsWith('max') ? 'number' : 'period';
    return { name, value, summary: 'Part of a rate limit for every registry', hidden: true };
  }),
];

const limitFlags: readonly FlagSpec[] = [
  {
    name: 'max-parallel',
    value: 'number',
    summary: 'Maximum number of layers examined in parallel (default: number of cores)',
  },
  {
    name: 'max-layer-time',
    value: 'duration',
    summary: 'Maximum time for one layer (default 30m)',
  },
];

const configurationFlag: FlagSpec = {
  name: 'config',
  value: 'file',
  summary: 'Configuration file whose section `inspection` sets scanners, registries and cache',
  completes: 'file',
};

/** How an image is resolved and examined. */
export const inspectionFlags: readonly FlagSpec[] = [
  configurationFlag,
  ...imageFlags,
  ...scannerFlags,
  ...digestFlags,
  ...cacheFlags,
  ...registryFlags,
  ...limitFlags,
  { name: 'no-progress', summary: 'Disable progress output' },
];
