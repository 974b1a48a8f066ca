import { expect, test } from 'vitest';

import { factsOf } from '../testing/read-file.ts';
import { unreadDatabaseReader } from './unread-databases.ts';

test('an unsupported package manager is not "no packages"', async () => {
  const path = 'var/db/xbps/pkgdb-0.38.plist';
  expect(await factsOf(unreadDatabaseReader, path, '<plist/>')).toMatchObject([
    { kind: 'diagnostic', reason: 'unsupported' },
  ]);
});
