import type { Ecosystem, PackageYield } from '../ecosystem.ts';
import { chiselReader } from './chisel.ts';
import { dpkgFilesReader, dpkgReader } from './dpkg.ts';

const packages = {
  purlTypes: ['deb'],
  purl: 'pkg:deb/<distribution>/<name>@<version>?arch=<architecture>&distro=<distribution>-<release>',
  foundBy: ['database'],
} satisfies Partial<PackageYield>;

export const dpkgEcosystem: Ecosystem = {
  name: 'dpkg',
  title: 'Debian packages (dpkg, opkg, Chisel)',
  group: 'system',
  readers: [
    {
      reader: dpkgReader,
      summary: 'the status file, and the files of images built without dpkg (distroless)',
      files: [
        { pattern: '**/lib/dpkg/status', example: 'var/lib/dpkg/status' },
        { pattern: '**/lib/opkg/status', example: 'usr/lib/opkg/status' },
        { pattern: '**/lib/dpkg/status.d/*', example: 'var/lib/dpkg/status.d/base-files' },
      ],
      except: [
        {
          pattern: '**/lib/dpkg/status.d/*.md5sums',
          example: 'var/lib/dpkg/status.d/base-files.md5sums',
          reason: 'read by `dpkg-files`',
        },
      ],
      yields: {
        packages: {
          ...packages,
          states: ['installed', 'removed', 'broken'],
          details: ['architecture', 'source', 'supplier', 'dependsOn'],
        },
      },
    },
    {
      reader: dpkgFilesReader,
      summary: 'the files of each package, and their checksums',
      files: ['list', 'md5sums'].flatMap((kind) => [
        { pattern: `**/lib/dpkg/info/*.${kind}`, example: `var/lib/dpkg/info/libc6:amd64.${kind}` },
        { pattern: `**/lib/opkg/info/*.${kind}`, example: `usr/lib/opkg/info/libc.${kind}` },
        {
          pattern: `**/lib/dpkg/status.d/*.${kind}`,
          example: `var/lib/dpkg/status.d/base-files.${kind}`,
        },
      ]),
      yields: { ownedFiles: { digests: ['md5'] } },
    },
    {
      reader: chiselReader,
      summary: 'the manifest of images made of package slices (Ubuntu chiselled images)',
      files: [{ pattern: '**/chisel/manifest.wall', example: 'var/lib/chisel/manifest.wall' }],
      yields: {
        packages: { ...packages, states: ['installed'], details: ['architecture'] },
        ownedFiles: { digests: ['sha256'] },
      },
    },
  ],
  unread: [
    {
      pattern: 'usr/share/doc/*/copyright',
      example: 'usr/share/doc/bash/copyright',
      reason: 'licences: packages of dpkg have none in a report',
    },
    {
      pattern: 'var/lib/apt/extended_states',
      example: 'var/lib/apt/extended_states',
      reason: 'whether a package was installed automatically',
    },
    {
      pattern: '**/*.deb',
      example: 'var/cache/apt/archives/bash.deb',
      reason: 'packages that are not installed; scanners see their content',
    },
  ],
  gaps: [
    'Packages of opkg are reported as `deb`; no advisories are matched for OpenWrt.',
    'dpkg records MD5 for files and no digest for configuration files.',
  ],
};
