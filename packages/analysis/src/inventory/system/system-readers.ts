/** All readers of packages, distribution and accounts of an operating system. */
import type { Reader } from '../reader.ts';
import { accountsReader } from '../accounts/accounts.ts';
import { apkReader } from '../apk/apk.ts';
import { chiselReader } from '../dpkg/chisel.ts';
import { busyboxReader, distributionReader } from '../distribution/distribution.ts';
import { dpkgFilesReader, dpkgReader } from '../dpkg/dpkg.ts';
import { nixReader } from '../nix/nix.ts';
import { pacmanFilesReader, pacmanReader } from '../pacman/pacman.ts';
import { portageReader } from '../portage/portage.ts';
import { rpmLogReader, rpmManifestReader, rpmReader } from '../rpm/rpm.ts';
import { slackwareReader } from '../slackware/slackware.ts';
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
