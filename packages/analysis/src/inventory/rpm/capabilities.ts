import type { Ecosystem, PackageYield } from '../ecosystem.ts';
import { rpmLogReader, rpmManifestReader, rpmReader } from './rpm.ts';

const folders = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
const packages = {
  purlTypes: ['rpm'],
  purl: 'pkg:rpm/<distribution>/<name>@<version>-<release>?arch=<architecture>&distro=<distribution>-<release>&epoch=<epoch>&rpmmod=<module>&upstream=<source>',
  foundBy: ['database'],
  states: ['installed'],
} satisfies Partial<PackageYield>;

export const rpmEcosystem: Ecosystem = {
  name: 'rpm',
  title: 'RPM packages',
  group: 'system',
  readers: [
    {
      reader: rpmReader,
      summary: 'the database as Berkeley DB, ndb or SQLite',
      files: folders.flatMap((folder) =>
        ['Packages', 'Packages.db', 'rpmdb.sqlite'].map((name) => ({
          pattern: `**/${folder}/${name}`,
          example: `${folder}/${name}`,
        })),
      ),
      yields: {
        packages: {
          ...packages,
          details: ['architecture', 'source', 'licenses', 'supplier', 'dependsOn'],
        },
        ownedFiles: { digests: ['md5', 'sha1', 'sha256'] },
      },
    },
    {
      reader: rpmLogReader,
      summary: 'a write-ahead log that is not empty: its changes are a gap, they are not applied',
      files: folders.map((folder) => ({
        pattern: `**/${folder}/rpmdb.sqlite-wal`,
        example: `${folder}/rpmdb.sqlite-wal`,
      })),
      yields: {},
    },
    {
      reader: rpmManifestReader,
      summary: 'the package list of images without rpm (Azure Linux distroless)',
      files: [
        {
          pattern: '**/var/lib/rpmmanifest/container-manifest-2',
          example: 'var/lib/rpmmanifest/container-manifest-2',
        },
      ],
      yields: { packages: { ...packages, details: ['architecture', 'source', 'supplier'] } },
    },
  ],
  unread: [
    {
      pattern: '**/*.rpm',
      example: 'root/tool-1.0-1.x86_64.rpm',
      reason: 'packages that are not installed; scanners see their content',
    },
    {
      pattern: 'var/lib/dnf/history.sqlite',
      example: 'var/lib/dnf/history.sqlite',
      reason: 'which packages were requested, and from which repository',
    },
  ],
  gaps: [
    'File digests other than MD5, SHA-1 and SHA-256 are omitted.',
    'Imported keys (`gpg-pubkey`) are not packages and are omitted.',
  ],
};
