import { expect, test } from 'vitest';

import { createDatabaseFiles } from './database-files.ts';

const installed = (type: 'deb' | 'apk' | 'rpm' | 'alpm', name: string) =>
  ({ type, name, foundBy: 'database' }) as const;

test.each([
  ['deb', 'var/lib/dpkg/status', true],
  ['deb', 'var/lib/dpkg/status-old', true],
  ['deb', 'var/lib/dpkg/triggers/ldconfig', true],
  ['deb', 'var/lib/dpkg/alternatives/builtins.7.gz', true],
  ['deb', 'var/lib/dpkg/info/sample.postinst', true],
  ['deb', 'var/lib/dpkg/info/sample:amd64.symbols', true],
  ['deb', 'var/lib/dpkg/info/absent.postinst', false],
  ['deb', 'var/lib/dpkg/info/sample.exe', false],
  ['deb', 'var/lib/dpkg/info/deep/sample.list', false],
  ['deb', 'srv/var/lib/dpkg/status', false],
  ['deb', 'lib/apk/db/installed', false],
  ['apk', 'lib/apk/db/installed', true],
  ['apk', 'lib/apk/db/other', false],
  ['rpm', 'var/lib/rpm/rpmdb.sqlite-shm', true],
  ['rpm', 'usr/lib/sysimage/rpm/Packages.db', true],
  ['rpm', 'var/lib/rpm/Basenames', true],
  ['rpm', 'var/lib/rpm/tool.sh', false],
  ['alpm', 'var/lib/pacman/local/sample-1.0-2/mtree', true],
  ['alpm', 'var/lib/pacman/local/absent-1.0-2/mtree', false],
] as const)('with %s, %s is a record of the manager: %s', (type, path, expected) => {
  expect(createDatabaseFiles([installed(type, 'sample')])(path)).toBe(expected);
});

test('a package that is only claimed has no package manager', () => {
  const claimed = { type: 'deb', name: 'sample', foundBy: 'claim' } as const;
  expect(createDatabaseFiles([claimed])('var/lib/dpkg/status')).toBe(false);
});
