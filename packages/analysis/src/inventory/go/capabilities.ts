import type { Ecosystem } from '../ecosystem.ts';
import { executables } from '../binary/executables.ts';
import { goBinaryReader } from './go-binary.ts';

export const goEcosystem: Ecosystem = {
  name: 'go',
  title: 'Go',
  group: 'language',
  readers: [
    {
      reader: goBinaryReader,
      summary: 'modules and standard library of programs, from their build information',
      files: [{ pattern: '**/*', example: 'usr/local/bin/tool', content: executables }],
      yields: {
        packages: {
          purlTypes: ['golang'],
          purl: 'pkg:golang/<module>@<version>',
          foundBy: ['build-info', 'pattern'],
          states: ['installed'],
          details: ['dependsOn'],
        },
      },
    },
  ],
  unread: [
    {
      pattern: '**/{go.mod,go.sum,go.work,Gopkg.lock}',
      example: 'srv/app/go.mod',
      reason: 'requirements of sources; programs list what was built in',
    },
    {
      pattern: '**/vendor/modules.txt',
      example: 'srv/app/vendor/modules.txt',
      reason: 'vendored sources',
    },
  ],
  gaps: [
    'A program whose build information was removed is a gap; only its Go version is found, by ' +
      'pattern, if it is unambiguous.',
    'A program that was built without a list of modules is reported as a diagnostic.',
    'A main module that was built from its sources has no version itself: it is read from ' +
      '`-ldflags -X`, the commit, or a version string of the program, in this order.',
    'ELF programs packed with UPX are a gap.',
    'Licences are not read: programs do not contain them.',
  ],
};
