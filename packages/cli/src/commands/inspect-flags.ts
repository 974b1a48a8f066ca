/** The flags of the commands that inspect images, in the groups that they share. */
import type { FlagSpec } from '../command.ts';

export const scannerNames = [
  ...(['clamav', 'yara', 'hash-set', 'similarity', 'secrets', 'vulnerabilities', 'none'] as const),
];
export type ScannerName = (typeof scannerNames)[number];

export const failWords = [
  ...(['critical', 'high', 'medium', 'low', 'info'] as const),
  ...(['malicious', 'suspicious', 'incomplete', 'unscanned', 'never'] as const),
];
export type FailWord = (typeof failWords)[number];

export const reportFormats = ['table', 'json', 'yaml', 'cyclonedx', 'spdx', 'sarif'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export const outputFlag: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'format[=file]',
  repeatable: true,
  summary: `How to show the report, or what to write into a file: ${reportFormats.join(', ')} (table)`,
};

export const failFlag: FlagSpec = {
  name: 'fail-on',
  value: 'words',
  repeatable: true,
  summary: `What makes the exit code other than 0: a severity and above, or ${failWords.slice(5).join(', ')} (malicious,incomplete)`,
};

export const sectionFlags: readonly FlagSpec[] = [
  { name: 'packages', summary: 'List the packages as well' },
  { name: 'files', summary: 'List every file as well, in all formats but SARIF' },
  { name: 'findings', summary: 'List all findings, not the worst alone, with their evidence' },
];

const imageFlags: readonly FlagSpec[] = [
  {
    name: 'platform',
    value: 'os/arch[/variant]',
    summary: 'Which image of a list of several platforms (that of this machine)',
  },
  { name: 'all-platforms', summary: 'Every image of the list, each with its own report' },
  { name: 'offline', summary: 'Ask nothing over the network' },
];

const scannerFlags: readonly FlagSpec[] = [
  {
    name: 'scanners',
    value: 'names',
    repeatable: true,
    summary: `Which scanners to use: ${scannerNames.join(', ')} (all that have what they need)`,
  },
  {
    name: 'clamd',
    value: 'address',
    summary: 'clamd, as /run/clamav/clamd.ctl or host:port; LAZARET_CLAMD sets it for good',
  },
  {
    name: 'clamd-database',
    value: 'directory',
    summary: 'Where clamd keeps its signatures; with some of your own (/var/lib/clamav)',
    completes: 'file',
  },
  {
    name: 'yara-rules',
    value: 'path',
    repeatable: true,
    summary: 'A file or directory of YARA rules',
    completes: 'file',
  },
  {
    name: 'deny-list',
    value: 'path',
    repeatable: true,
    summary: 'Digests of known bad files',
    completes: 'file',
  },
  {
    name: 'allow-list',
    value: 'path',
    repeatable: true,
    summary: 'Digests of known software, which change no verdict',
    completes: 'file',
  },
  {
    name: 'nsrl',
    value: 'path',
    repeatable: true,
    summary: 'A database of the NSRL (RDS v3, SQLite)',
    completes: 'file',
  },
  {
    name: 'similarity-list',
    value: 'path',
    repeatable: true,
    summary: 'Similarity digests of known bad files',
    completes: 'file',
  },
  {
    name: 'vulnerability-db',
    value: 'path',
    summary: 'Advisories that were imported, to match packages with',
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
    summary: 'TLSH, ssdeep and sdhash of programs; takes about ten times as long',
  },
];

const cacheFlags: readonly FlagSpec[] = [
  {
    name: 'cache-dir',
    value: 'directory',
    summary: 'Where to keep results of layers and files (~/.cache/lazaret/inspect)',
    completes: 'directory',
  },
  { name: 'cache-size', value: 'size', summary: 'How large that may grow (2GiB)' },
  { name: 'no-cache', summary: 'Examine everything anew, and keep nothing' },
];

const registryFlags: readonly FlagSpec[] = [
  {
    name: 'insecure-registry',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Take any certificate from this registry',
  },
  {
    name: 'plain-http',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Speak to this registry without TLS',
  },
  {
    name: 'ca',
    value: 'file',
    repeatable: true,
    summary: 'A certificate (PEM) to trust besides those of the system',
    completes: 'file',
  },
  {
    name: 'credentials',
    value: 'file',
    summary: 'A config.json of docker (~/.docker/config.json)',
    completes: 'file',
  },
  {
    name: 'mirror',
    value: 'host=mirror',
    repeatable: true,
    summary: 'Ask the mirror first for images of the host',
  },
  {
    name: 'foreign-host',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Fetch layers that lie outside the registry from this host',
  },
  {
    name: 'private-host',
    value: 'host[:port]',
    repeatable: true,
    summary: 'Follow a registry to this host though it is inside this network',
  },
  {
    name: 'registry-rate',
    value: '[host=]number/period',
    repeatable: true,
    summary: 'Ask a registry no more often: docker.io=90/6h,20/1m; without a host: each',
  },
  // As the predecessor called the two windows.
  ...['maxreq', 'timeper', 'maxreq2', 'timeper2'].map((name) => {
    const value = name.startsWith('max') ? 'number' : 'period';
    return { name, value, summary: 'Part of a rate for each registry', hidden: true };
  }),
];

const limitFlags: readonly FlagSpec[] = [
  { name: 'max-parallel', value: 'number', summary: 'Layers examined at once (one for each core)' },
  { name: 'max-layer-time', value: 'duration', summary: 'How long one layer may take (30m)' },
];

/** How an image is found and examined. */
export const examineFlags: readonly FlagSpec[] = [
  ...imageFlags,
  ...scannerFlags,
  ...digestFlags,
  ...cacheFlags,
  ...registryFlags,
  ...limitFlags,
  { name: 'no-progress', summary: 'No bars on standard error' },
];
