import type { Ecosystem } from '../ecosystem.ts';
import { nixReader } from './nix.ts';

export const nixEcosystem: Ecosystem = {
  name: 'nix',
  title: 'Nix and Guix stores',
  group: 'system',
  readers: [
    {
      reader: nixReader,
      summary: 'the valid store paths of the database',
      files: ['nix/var/nix', 'var/guix'].map((folder) => ({
        pattern: `**/${folder}/db/db.sqlite`,
        example: `${folder}/db/db.sqlite`,
      })),
      yields: {
        packages: {
          purlTypes: ['generic'],
          purl: 'pkg:generic/<name>@<version>',
          foundBy: ['database'],
          states: ['installed'],
          details: [],
        },
      },
    },
  ],
  unread: [
    {
      pattern: 'nix/store/*/**',
      example: 'nix/store/1ddf3x30m0z6kknmrmapsc7liz8npi1w-perl-5.38.2/bin/perl',
      reason:
        'store paths without a database: images of `dockerTools` usually have none, and then no ' +
        'package of Nix is listed',
    },
    {
      pattern: 'nix/var/nix/db/db.sqlite-wal',
      example: 'nix/var/nix/db/db.sqlite-wal',
      reason: 'changes that are not yet in the database are not applied',
    },
  ],
  gaps: [
    'Name and version are split at the first dash before a digit, as Nix does.',
    'Licences, dependencies, file lists and outputs are not read.',
  ],
};
