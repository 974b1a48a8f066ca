import type { Ecosystem } from '../ecosystem.ts';
import { apkReader } from './apk.ts';

export const apkEcosystem: Ecosystem = {
  name: 'apk',
  title: 'Alpine packages (apk)',
  group: 'system',
  readers: [
    {
      reader: apkReader,
      summary: 'the database of installed packages (Alpine, Wolfi, Chainguard)',
      files: [{ pattern: '**/lib/apk/db/installed', example: 'lib/apk/db/installed' }],
      yields: {
        packages: {
          purlTypes: ['apk'],
          purl: 'pkg:apk/<distribution>/<name>@<version>?arch=<architecture>&distro=<distribution>-<release>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['architecture', 'source', 'licenses', 'supplier', 'dependsOn'],
        },
        ownedFiles: { digests: ['sha1', 'sha256'] },
      },
    },
  ],
  unread: [
    {
      pattern: 'etc/apk/world',
      example: 'etc/apk/world',
      reason: 'which packages were requested, and which came as dependencies',
    },
    {
      pattern: '**/*.apk',
      example: 'var/cache/apk/busybox.apk',
      reason: 'packages that are not installed, and Android applications; scanners see them',
    },
  ],
  gaps: ['The digest of a symbolic link is that of its target, as apk records it.'],
};
