import { expect, test } from 'vitest';

import { factsOf, ofKind } from '../testing/read-file.ts';
import { sqliteTable } from '../testing/rpm-databases.ts';
import { nixReader } from './nix.ts';

test('Nix lists the paths of its database', async () => {
  const path = 'nix/var/nix/db/db.sqlite';
  const hash = '1ddf3x30m0z6kknmrmapsc7liz8npi1w';
  const names = ['perl-5.38.2', 'perl5.38.2-JSON-XS-4.03', 'source', 'gcc-13.2.0-lib', 'a-1.drv'];
  const rows = names.map((name) => `/nix/store/${hash}-${name}`);
  const bytes = sqliteTable('ValidPaths', [...rows, '/elsewhere/x']);
  const facts = await factsOf(nixReader, path, bytes);
  expect(ofKind(facts, 'package').map(({ purl }) => purl)).toEqual([
    'pkg:generic/perl@5.38.2',
    'pkg:generic/perl5.38.2-JSON-XS@4.03',
    'pkg:generic/source',
    'pkg:generic/gcc@13.2.0-lib',
  ]);
  expect(ofKind(facts, 'diagnostic')).toHaveLength(1);
});
