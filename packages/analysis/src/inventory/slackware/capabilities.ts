import type { Ecosystem } from '../ecosystem.ts';
import { slackwareReader } from './slackware.ts';

export const slackwareEcosystem: Ecosystem = {
  name: 'slackware',
  title: 'Slackware packages (pkgtools)',
  group: 'system',
  readers: [
    {
      reader: slackwareReader,
      summary: 'a file for each installed package, with its file list',
      files: ['var/log', 'var/lib/pkgtools'].map((folder) => ({
        pattern: `**/${folder}/packages/*`,
        example: `${folder}/packages/aaa-glibc-2.33-x86_64-5`,
      })),
      yields: {
        packages: {
          purlTypes: ['generic'],
          purl: 'pkg:generic/<name>@<version>-<build>?arch=<architecture>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['architecture'],
        },
        ownedFiles: { digests: [] },
      },
    },
  ],
  unread: [
    {
      pattern: 'var/log/removed_packages/*',
      example: 'var/log/removed_packages/aaa-glibc-2.33-x86_64-4',
      reason: 'packages that were removed',
    },
  ],
  gaps: ['The package list has no licences, dependencies or digests.'],
};
