import type { Ecosystem } from '../ecosystem.ts';
import { portageReader } from './portage.ts';

export const portageEcosystem: Ecosystem = {
  name: 'portage',
  title: 'Gentoo packages (Portage)',
  group: 'system',
  readers: [
    {
      reader: portageReader,
      summary: 'the name and the files of each installed package',
      files: ['PF', 'CONTENTS'].map((name) => ({
        pattern: `**/var/db/pkg/*/*/${name}`,
        example: `var/db/pkg/app-shells/bash-5.2_p21-r2/${name}`,
      })),
      yields: {
        packages: {
          purlTypes: ['generic'],
          purl: 'pkg:generic/<category>/<name>@<version>',
          foundBy: ['database'],
          states: ['installed'],
          details: [],
        },
        ownedFiles: { digests: ['md5'] },
      },
    },
  ],
  unread: ['LICENSE', 'RDEPEND', 'SLOT', 'USE', 'repository'].map((name) => ({
    pattern: `**/var/db/pkg/*/*/${name}`,
    example: `var/db/pkg/app-shells/bash-5.2_p21-r2/${name}`,
    reason: 'licences, dependencies, slots, USE flags and repositories',
  })),
  gaps: [],
};
