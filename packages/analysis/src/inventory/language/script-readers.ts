import type { Reader } from '../reader.ts';
import { claimedSbomReader } from './claimed-sbom.ts';
import { condaReader } from './conda.ts';
import { bunLockReader, npmLockReader } from './npm-lock.ts';
import { npmReader } from './npm.ts';
import { composerLockReader, composerReader, pearReader } from './php.ts';
import { pipfileLockReader, pythonLockReader, requirementsReader } from './python-lock.ts';
import { pythonEggReader, pythonReader, pythonRecordReader } from './python.ts';
import { gemfileLockReader, gemspecReader } from './ruby.ts';
import { pnpmLockReader, yarnLockReader } from './yarn-lock.ts';

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
