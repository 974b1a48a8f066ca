import type { Ecosystem } from '../ecosystem.ts';
import { pacmanFilesReader, pacmanReader } from './pacman.ts';

export const pacmanEcosystem: Ecosystem = {
  name: 'pacman',
  title: 'Arch Linux packages (pacman)',
  group: 'system',
  readers: [
    {
      reader: pacmanReader,
      summary: 'the description of each installed package',
      files: [
        { pattern: '**/lib/pacman/local/*/desc', example: 'var/lib/pacman/local/bash-5.2-2/desc' },
      ],
      yields: {
        packages: {
          purlTypes: ['alpm'],
          purl: 'pkg:alpm/arch/<name>@<version>?arch=<architecture>&distro=<distribution>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['architecture', 'source', 'licenses', 'supplier', 'dependsOn'],
        },
      },
    },
    {
      reader: pacmanFilesReader,
      summary: 'the files of each package, and their digests',
      files: ['files', 'mtree'].map((name) => ({
        pattern: `**/lib/pacman/local/*/${name}`,
        example: `var/lib/pacman/local/bash-5.2-2/${name}`,
      })),
      yields: { ownedFiles: { digests: ['md5', 'sha1', 'sha256'] } },
    },
  ],
  unread: [
    {
      pattern: 'var/lib/pacman/sync/*.db',
      example: 'var/lib/pacman/sync/core.db',
      reason: 'what the repositories offer',
    },
    {
      pattern: '**/*.pkg.tar.zst',
      example: 'var/cache/pacman/pkg/bash-5.2-2-x86_64.pkg.tar.zst',
      reason: 'packages that are not installed; scanners see their content',
    },
  ],
  gaps: ['Packages of the AUR are not distinguished from those of the distribution.'],
};
