import type { Reader } from '../reader.ts';
import { claimedSbomReader } from '../sbom/claimed-sbom.ts';
import { condaReader } from '../conda/conda.ts';
import { bunLockReader, npmLockReader } from '../npm/npm-lock.ts';
import { npmReader } from '../npm/npm.ts';
import { composerLockReader, composerReader, pearReader } from '../php/php.ts';
import { pipfileLockReader, pythonLockReader, requirementsReader } from '../python/python-lock.ts';
import { pythonEggReader, pythonReader, pythonRecordReader } from '../python/python.ts';
import { gemfileLockReader, gemspecReader } from '../ruby/ruby.ts';
import { pnpmLockReader, yarnLockReader } from '../npm/yarn-lock.ts';

/** Readers of the packages of script languages, of conda, and of claimed bills of materials. */
export const scriptReaders: readonly Reader[] = [
  npmReader,
  npmLockReader,
  yarnLockReader,
  pnpmLockReader,
  bunLockReader,
  pythonReader,
  pythonRecordReader,
  pythonEggReader,
  pythonLockReader,
  pipfileLockReader,
  requirementsReader,
  gemspecReader,
  gemfileLockReader,
  composerReader,
  composerLockReader,
  pearReader,
  condaReader,
  claimedSbomReader,
];
