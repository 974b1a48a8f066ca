/** All readers of packages, distribution and accounts of an operating system. */
import type { Reader } from '../reader.ts';
import { accountsReader } from './accounts.ts';
import { apkReader } from './apk.ts';
import { chiselReader } from './chisel.ts';
import { busyboxReader, distributionReader } from './distribution.ts';
import { dpkgFilesReader, dpkgReader } from './dpkg.ts';
import { nixReader } from './nix.ts';
import { pacmanFilesReader, pacmanReader } from './pacman.ts';
import { portageReader } from './portage.ts';
import { rpmLogReader, rpmManifestReader, rpmReader } from './rpm/rpm.ts';
import { slackwareReader } from './slackware.ts';
import { unreadDatabaseReader } from './unread-databases.ts';
import { vendorInventoryReader } from './vendor-inventory.ts';

export const systemReaders: readonly Reader[] = [
  distributionReader,
  busyboxReader,
  dpkgReader,
  dpkgFilesReader,
  chiselReader,
  apkReader,
  rpmReader,
  rpmLogReader,
  rpmManifestReader,
  pacmanReader,
  pacmanFilesReader,
  portageReader,
  slackwareReader,
  nixReader,
  vendorInventoryReader,
  unreadDatabaseReader,
  accountsReader,
];
