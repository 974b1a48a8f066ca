/**
 * Databases of package managers without a reader. An image of such a system has packages that are
 * not listed, which is not the same as having none.
 */
import { baseName } from '@lazaret/oci';

import { analysisLimits } from '../../limits.ts';
import type { Reader } from '../reader.ts';

/** Path of the database, and the package manager. */
export const unreadDatabases: ReadonlyMap<string, string> = new Map([
  ['var/db/xbps/pkgdb-0.38.plist', 'xbps'],
  ['var/db/pkg/local.sqlite', 'pkg of FreeBSD'],
  ['usr/share/clear/versionstamp', 'swupd'],
  ['var/lib/eopkg/info/files.db', 'eopkg'],
]);

export const unreadDatabaseReader: Reader = {
  id: 'unread-database',
  version: 1,
  wants: { names: [...unreadDatabases.keys()].map(baseName) },
  accepts: ({ path }) => unreadDatabases.has(path),
  maxBytes: analysisLimits.readerFileBytes,
  read({ path }, emit) {
    emit({
      kind: 'diagnostic',
      path,
      reader: 'unread-database',
      reason: 'unsupported',
      detail: `the packages of ${unreadDatabases.get(path) ?? path} are not listed`,
    });
  },
};
