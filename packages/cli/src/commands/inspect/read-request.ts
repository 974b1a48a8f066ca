/** From flags and variables to the request to the analysis package. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { InspectRequest, RegistryRequest, ScannerChoice } from '@lazaret/analysis';
import { limits, parseDuration, parseSize } from '@lazaret/protocol';

import { flagList, flagOn, flagText, type Flags, type Invocation } from '../../command/command.ts';
import type { Environment } from '../../environment.ts';
import { usageFailure } from '../../failure.ts';
import { attributeOf } from '../../command/flag-names.ts';
import { cliLimits } from '../../limits.ts';
import { scannerNames, type ScannerName } from './flags.ts';
import { parseList } from './parse-list.ts';
import { readHosts, readMirrors, readRates } from './registry-flags.ts';

/** Throws a usage failure for invalid flags, before anything is read. */
export function readRequest(
  { flags, shell: { environment } }: Pick<Invocation, 'flags' | 'shell'>,
  { reference, files }: { reference: string; files: boolean },
): InspectRequest {
  if (reference === '') throw usageFailure('the image reference is empty');
  const scanners = readScanners(flags, environment);
  const [vulnerabilityDatabase] = readPaths(flags, 'vulnerability-db');
  const names = readScannerNames(flags);
  if (names?.has('vulnerabilities') === true && vulnerabilityDatabase === undefined) {
    throw missingPart('vulnerabilities', '--vulnerability-db PATH');
  }
  return {
    reference,
    platform: readPlatform(flags),
    offline: flagOn(flags, 'offline'),
    files,
    similarity: flagOn(flags, 'similarityDigests'),
    scanners,
    vulnerabilityDatabase: isChosen(names, 'vulnerabilities') ? vulnerabilityDatabase : undefined,
    cache: readCache(flags, environment),
    registry: readRegistry(flags, environment),
    dockerHost: environment.dockerHost,
    parallel: readWhole(flags, 'max-parallel', limits.inspectParallelMax),
    timeMs: readTime(flags),
  };
}

function readPlatform(flags: Flags): InspectRequest['platform'] {
  const text = flagText(flags, 'platform');
  if (flagOn(flags, 'allPlatforms')) {
    if (text === undefined) return 'all';
    throw usageFailure('--platform and --all-platforms cannot be combined');
  }
  if (text === undefined) return 'default';
  const match = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/i.exec(text);
  const [, os = '', architecture = '', variant] = match ?? [];
  if (match === null) {
    throw usageFailure(`--platform: expected os/architecture, received ${JSON.stringify(text)}`, {
      hint: 'For example linux/arm64 or linux/arm/v7.',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Undefined: all that are configured. */
function readScannerNames(flags: Flags): ReadonlySet<ScannerName> | undefined {
  const words = parseList(flagList(flags, 'scanners'), scannerNames, '--scanners');
  if (words.length === 0) return undefined;
  if (words.includes('none') && words.length > 1) {
    throw usageFailure('--scanners: none cannot be combined with other values');
  }
  return new Set(words);
}

function isChosen(names: ReadonlySet<ScannerName> | undefined, name: ScannerName): boolean {
  return names === undefined || names.has(name);
}

function readScanners(flags: Flags, environment: Environment): ScannerChoice {
  const names = readScannerNames(flags);
  const address = readClamd(flagText(flags, 'clamd') ?? environment.clamd);
  const [databaseDirectory] = readPaths(flags, 'clamd-database');
  const rules = readPaths(flags, 'yara-rules');
  const lists = [
    ...readPaths(flags, 'deny-list').map((path) => ({ path, kind: 'deny' as const })),
    ...readPaths(flags, 'allow-list').map((path) => ({ path, kind: 'allow' as const })),
  ];
  const rds = readPaths(flags, 'nsrl');
  const similar = readPaths(flags, 'similarity-list');
  const use = (name: ScannerName, isReady: boolean, needs: string): boolean => {
    if (names?.has(name) === true && !isReady) throw missingPart(name, needs);
    return isReady && isChosen(names, name);
  };
  return {
    ...(use('clamav', address !== undefined, '--clamd ADDRESS') &&
      address !== undefined && {
        clamav: { address, ...(databaseDirectory !== undefined && { databaseDirectory }) },
      }),
    ...(use('yara', rules.length > 0, '--yara-rules PATH') && { yara: { rules } }),
    ...(use('hash-set', lists.length + rds.length > 0, '--deny-list, --allow-list or --nsrl') && {
      hashSets: { lists, rds },
    }),
    ...(use('similarity', similar.length > 0, '--similarity-list PATH') && {
      similarity: { lists: similar },
    }),
    ...(use('secrets', true, '') && { secrets: true }),
  };
}

/** A socket may be given as a relative path. */
function readClamd(text: string | undefined): string | undefined {
  if (text === undefined || /^(?:unix:)?\//.test(text) || /^[^/]+:\d{1,5}$/.test(text)) return text;
  if (/^tcp:\/\/[^/]+:\d{1,5}$/.test(text)) return text;
  if (existsSync(text)) return resolve(text);
  throw usageFailure(`--clamd: expected a socket or host:port, received ${JSON.stringify(text)}`);
}

/** A missing rule file or database would otherwise be a gap for each file of the image. */
function readPaths(flags: Flags, name: string): readonly string[] {
  const key = attributeOf(name);
  const value = flags[key];
  const paths = typeof value === 'string' ? [value] : flagList(flags, key);
  for (const path of paths) {
    if (!existsSync(path)) throw usageFailure(`--${name}: ${path}: no such file or directory`);
  }
  return paths;
}

function missingPart(name: ScannerName, needs: string): Error {
  return usageFailure(`--scanners: ${name} needs ${needs}`, {
    hint: 'Without --scanners all configured scanners are used.',
  });
}

function readCache(flags: Flags, environment: Environment): InspectRequest['cache'] {
  if (flags['cache'] === false) return undefined;
  const size = flagText(flags, 'cacheSize');
  const maxBytes = size === undefined ? cliLimits.cacheBytes : parseSize(size);
  if (maxBytes === undefined) {
    throw usageFailure(
      `--cache-size: expected a size such as 2GiB, received ${JSON.stringify(size)}`,
    );
  }
  const directory = flagText(flags, 'cacheDir') ?? join(environment.cacheDirectory, 'inspect');
  return { directory, maxBytes };
}

function readRegistry(flags: Flags, environment: Environment): RegistryRequest {
  return {
    plainHttpHosts: readHosts(flags, 'plain-http'),
    skipVerifyHosts: readHosts(flags, 'insecure-registry'),
    caFiles: readPaths(flags, 'ca'),
    ...credentialsOf(flags, environment),
    mirrors: readMirrors(flags),
    foreignHosts: readHosts(flags, 'foreign-host'),
    privateHosts: readHosts(flags, 'private-host'),
    privateHostsSetting: '--private-host',
    rates: readRates(flags),
    proxy: environment.proxy,
  };
}

/** The given file, or those of docker, podman and skopeo on this machine. */
function credentialsOf(flags: Flags, environment: Environment): Partial<RegistryRequest> {
  const { helperEnvironment, containersAuth, dockercfg } = environment;
  const [named] = readPaths(flags, 'credentials');
  if (named !== undefined) return { credentialsFile: named, helperEnvironment };
  const credentialsFile = join(environment.dockerConfiguration, 'config.json');
  return { credentialsFile, containersAuth, dockercfg, helperEnvironment };
}

function readWhole(flags: Flags, name: 'max-parallel', max: number): number | undefined {
  const text = flagText(flags, 'maxParallel');
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw usageFailure(
      `--${name}: expected a number from 1 to ${max}, received ${JSON.stringify(text)}`,
    );
  }
  return value;
}

function readTime(flags: Flags): number | undefined {
  const text = flagText(flags, 'maxLayerTime');
  if (text === undefined) return undefined;
  const timeMs = parseDuration(text);
  if (timeMs === undefined || timeMs === 0 || timeMs > cliLimits.layerTimeMsMax) {
    throw usageFailure(
      `--max-layer-time: expected a duration such as 10m, received ${JSON.stringify(text)}`,
    );
  }
  return timeMs;
}
