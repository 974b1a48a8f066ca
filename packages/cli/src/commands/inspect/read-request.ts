/** From flags and variables to the request to the analysis package. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { InspectRequest } from '@lazaret/analysis';
import {
  inspectionSettings,
  limits,
  parseDuration,
  type InspectionSettings,
} from '@lazaret/protocol';

import { flagOn, flagText, type Flags, type Invocation } from '../../command/command.ts';
import type { Environment } from '../../environment.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { looksLikeFile } from '../../files/path-text.ts';
import { cliLimits } from '../../limits.ts';
import { readRegistry } from './registry-flags.ts';
import {
  isChosen,
  missingPart,
  readPaths,
  readScannerNames,
  readScanners,
} from './scanner-flags.ts';
import { readSettingsFile, refuseMissingFiles } from './settings-file.ts';

/** Throws a usage failure for an invalid file or flag, before anything of the image is read. */
export async function readRequest(
  { flags, shell }: Pick<Invocation, 'flags' | 'shell'>,
  { reference, files }: { reference: string; files: boolean },
): Promise<InspectRequest> {
  const { environment } = shell;
  if (reference === '') throw usageFailure('the image reference is empty');
  if (looksLikeFile(reference) && !existsSync(reference)) {
    throw new Failure(`${reference}: no such file or directory`, {
      exitCode: exitCodes.notFound.code,
      hint: `If it is an image, write docker://${reference}.`,
    });
  }
  const settings = await readSettingsFile(shell, flagText(flags, 'config'));
  const scanners = readScanners(flags, environment, settings);
  const [vulnerabilityDatabase = settings.vulnerabilityDatabase] = readPaths(
    flags,
    'vulnerability-db',
  );
  const names = readScannerNames(flags);
  if (names?.has('vulnerabilities') === true && vulnerabilityDatabase === undefined) {
    throw missingPart('vulnerabilities', '--vulnerability-db PATH');
  }
  const usedDatabase = isChosen(names, 'vulnerabilities') ? vulnerabilityDatabase : undefined;
  refuseMissingFiles(flagText(flags, 'config'), {
    ...scanners,
    ...(usedDatabase !== undefined && { vulnerabilityDatabase: usedDatabase }),
  });
  return {
    reference,
    platform: readPlatform(flags),
    offline: flagOn(flags, 'offline'),
    files,
    similarity: flagOn(flags, 'similarityDigests'),
    scanners,
    vulnerabilityDatabase: usedDatabase,
    cache: readCache(flags, environment, settings),
    registry: readRegistry(flags, environment, settings.registries),
    dockerHost: environment.dockerHost,
    parallel: readWhole(flags, 'max-parallel', limits.inspectParallelMax) ?? settings.parallel,
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

function readCache(
  flags: Flags,
  environment: Environment,
  settings: InspectionSettings,
): InspectRequest['cache'] {
  if (flags['cache'] === false) return undefined;
  const size = flagText(flags, 'cacheSize') ?? settings.cacheBytes;
  const read = inspectionSettings.shape.cacheBytes.safeParse(size);
  if (!read.success) throw usageFailure(`--cache-size: ${read.error.issues[0]?.message}`);
  const directory = flagText(flags, 'cacheDir') ?? join(environment.cacheDirectory, 'inspect');
  return { directory, maxBytes: read.data };
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
