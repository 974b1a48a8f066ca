/** Flags about scanners. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import {
  listConfiguredScanners,
  pickScannerSettings,
  scannerIds,
  scannerSettings,
  type ScannerId,
  type ScannerSettings,
} from '@lazaret/protocol';

import { flagList, flagText, type Flags } from '../../command/command.ts';
import { attributeOf } from '../../command/flag-names.ts';
import type { Environment } from '../../environment.ts';
import { usageFailure } from '../../failure.ts';
import { scannerNames, type ScannerName } from './flags.ts';
import { parseList } from './parse-list.ts';

/** The scanners that `--scanners` names; undefined for all that are configured. */
export function readScannerNames(flags: Flags): ReadonlySet<ScannerName> | undefined {
  const words = parseList(flagList(flags, 'scanners'), scannerNames, '--scanners');
  if (words.length === 0) return undefined;
  if (words.includes('none') && words.length > 1) {
    throw usageFailure('--scanners: none cannot be combined with other values');
  }
  return new Set(words);
}

export function isChosen(names: ReadonlySet<ScannerName> | undefined, name: ScannerName): boolean {
  return names === undefined || names.has(name);
}

const neededFlags: Readonly<Record<ScannerId, string>> = {
  clamav: '--clamd ADDRESS',
  yara: '--yara-rules PATH',
  'hash-set': '--deny-list, --allow-list or --nsrl',
  similarity: '--similarity-list PATH',
  secrets: '`secrets: true` in the configuration file',
};

/** The settings of the file, replaced by variables and flags, of the chosen scanners only. */
export function readScanners(
  flags: Flags,
  environment: Environment,
  file: ScannerSettings,
): Partial<ScannerSettings> {
  const names = readScannerNames(flags);
  const settings = { ...file, ...readGiven(flags, environment) };
  const configured = listConfiguredScanners(settings);
  for (const id of scannerIds) {
    if (names?.has(id) === true && !configured.includes(id)) throw missingPart(id, neededFlags[id]);
  }
  return pickScannerSettings(
    settings,
    configured.filter((id) => isChosen(names, id)),
  );
}

function readGiven(flags: Flags, environment: Environment): Partial<ScannerSettings> {
  const clamd = readClamd(flagText(flags, 'clamd') ?? environment.clamd);
  const [clamdDatabase] = readPaths(flags, 'clamd-database');
  const [softwareReference, ...more] = readPaths(flags, 'nsrl');
  if (more.length > 0) {
    throw usageFailure(`--nsrl: expected one database, received ${more.length + 1}`);
  }
  const lists = {
    yaraRules: readPaths(flags, 'yara-rules'),
    denyLists: readPaths(flags, 'deny-list'),
    allowLists: readPaths(flags, 'allow-list'),
    similarityLists: readPaths(flags, 'similarity-list'),
  };
  return {
    ...(clamd !== undefined && { clamd }),
    ...(clamdDatabase !== undefined && { clamdDatabase }),
    ...(softwareReference !== undefined && { softwareReference }),
    ...Object.fromEntries(Object.entries(lists).filter(([, paths]) => paths.length > 0)),
  };
}

/** A socket may be given as a relative path. */
function readClamd(text: string | undefined): string | undefined {
  const read = scannerSettings.shape.clamd.safeParse(text);
  if (read.success) return read.data;
  if (text !== undefined && existsSync(text)) return resolve(text);
  throw usageFailure(`--clamd: ${read.error.issues[0]?.message}`);
}

/** A missing rule file or database would otherwise be a gap for each file of the image. */
export function readPaths(flags: Flags, name: string): readonly string[] {
  const key = attributeOf(name);
  const value = flags[key];
  const paths = typeof value === 'string' ? [value] : flagList(flags, key);
  for (const path of paths) {
    if (!existsSync(path)) throw usageFailure(`--${name}: ${path}: no such file or directory`);
  }
  return paths;
}

export function missingPart(name: ScannerName, needs: string): Error {
  return usageFailure(`--scanners: ${name} needs ${needs}`, {
    hint: 'Without --scanners all configured scanners are used.',
  });
}
