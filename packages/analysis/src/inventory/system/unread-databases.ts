/**
 * Databases of package managers without a reader. An image of such a system has
 * packages that are not listed, which is not the same as having none.
 */

import { analysisLimits } from '../../limits.ts';
import type { Reader } from '../reader.ts';

const managers: readonly (readonly [path: RegExp, name: string, manager: string])[] = [
  [/^var\/db\/xbps\/pkgdb-0\.38\.plist$/, 'pkgdb-0.38.plist', 'xbps'],
  [/^var\/db\/pkg\/local\.sqlite$/, 'local.sqlite', 'pkg of FreeBSD'],
  [/^usr\/share\/clear\/versionstamp$/, 'versionstamp', 'swupd'],
  [/^var\/lib\/eopkg\/info\/files\.db$/, 'files.db', 'eopkg'],
];

export const unreadDatabaseReader: Reader = {
  id: 'unread-database',
  version: 1,
  wants: { names: managers.map(([, name]) => name) },
  accepts: ({ path }) => managers.some(([pattern]) => pattern.test(path)),
  maxBytes: analysisLimits.readerFileBytes,
  read({ path }, emit) {
    const [, , manager = ''] = managers.find(([pattern]) => pattern.test(path)) ?? [];
    emit({
      kind: 'diagnostic',
      path,
      reader: 'unread-database',
      reason: 'unsupported',
      detail: `the packages of ${manager} are not listed`,
    });
  },
};
