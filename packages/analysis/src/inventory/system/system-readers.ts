/** All readers of packages, distribution and accounts of an operating system. */
import type { Reader } from '../reader.ts';
import { accountsReader } from './accounts.ts';
import { apkReader } from './apk.ts';
import { busyboxReader, distributionReader } from './distribution.ts';
import { dpkgFilesReader, dpkgReader } from './dpkg.ts';
import { pacmanFilesReader, pacmanReader } from './pacman.ts';
import { rpmLogReader, rpmManifestReader, rpmReader } from './rpm/rpm.ts';

export const systemReaders: readonly Reader[] = [
  distributionReader,
  busyboxReader,
  dpkgReader,
  dpkgFilesReader,
  apkReader,
  rpmReader,
  rpmLogReader,
  rpmManifestReader,
  pacmanReader,
  pacmanFilesReader,
  accountsReader,
];
