/**
 * Valid files for every reader, which together have everything that the reader produces. Tests
 * compare them with the capabilities, and damage them.
 */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { elfFile } from '../binary/testing/binary-samples.ts';
import { languageSamples } from './language-samples.ts';
import { sample, type ReaderSample } from './sample.ts';
import { assembly, goInfo, kernel, packageNote } from './program-samples.ts';
import { sqliteDatabase, sqliteTable } from './rpm-databases.ts';
import { rpmHeader } from './rpm-header.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** By the id of the reader. */
export function readerSamples(): Readonly<Record<string, readonly ReaderSample[]>> {
  return { ...systemSamples(), ...languageSamples(), ...programSamples() };
}

function systemSamples(): Record<string, readonly ReaderSample[]> {
  const release = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
  const pacman = 'var/lib/pacman/local/bash-5.2-2';
  const portage = 'var/db/pkg/app-shells/bash-5.2-r2';
  const nix = '/nix/store/1ddf3x30m0z6kknmrmapsc7liz8npi1w-perl-5.38.2';
  return {
    distribution: [sample('etc/os-release', release)],
    busybox: [sample('bin/busybox', `\0BusyBox v1.36.1 (2023-11-07)\0`)],
    accounts: [
      sample('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'),
      sample('etc/shadow', 'root:$y$j9T$salt$hash:19000:0:99999:7:::\n'),
      sample('etc/group', 'adm:x:4:syslog\n'),
    ],
    dpkg: [sample('var/lib/dpkg/status', dpkgStatus)],
    'dpkg-files': [
      sample('var/lib/dpkg/info/bash.list', '/.\n/bin\n/bin/bash\n'),
      sample('var/lib/dpkg/info/bash.md5sums', `${md5}  bin/bash\n`),
    ],
    chisel: [sample('var/lib/chisel/manifest.wall', chiselManifest())],
    apk: [sample('lib/apk/db/installed', apkDatabase)],
    rpm: [sample('var/lib/rpm/rpmdb.sqlite', rpmDatabase())],
    'rpm-log': [sample('var/lib/rpm/rpmdb.sqlite-wal', Buffer.alloc(100, 1))],
    'rpm-manifest': [sample('var/lib/rpmmanifest/container-manifest-2', rpmManifest)],
    pacman: [sample(`${pacman}/desc`, pacmanDescription)],
    'pacman-files': [
      sample(`${pacman}/files`, '%FILES%\nusr/\nusr/bin/bash\n\n'),
      sample(`${pacman}/mtree`, gzipSync(mtree)),
    ],
    portage: [
      sample(`${portage}/PF`, 'bash-5.2-r2\n'),
      sample(`${portage}/CONTENTS`, `dir /usr\nobj /usr/a ${md5} 1700000000\n`),
    ],
    slackware: [sample('var/log/packages/bash-5.2-x86_64-1', 'FILE LIST:\n./\nbin/bash\n')],
    nix: [sample('nix/var/nix/db/db.sqlite', sqliteTable('ValidPaths', [nix]))],
    'vendor-inventory': [
      sample('usr/share/bottlerocket/application-inventory.json', bottlerocket),
      sample(
        'etc/cos-package-info.json',
        '{"installedPackages":[{"category":"app-admin","name":"sudo","version":"1.9.14"}]}',
      ),
    ],
    'unread-database': [sample('var/db/xbps/pkgdb-0.38.plist', '<plist/>')],
  };
}

function programSamples(): Record<string, readonly ReaderSample[]> {
  const program = (name: string, bytes: Buffer): Buffer => elfFile([{ name, bytes }]);
  const text = (content: string): Buffer => program('.rodata', Buffer.from(content));
  return {
    'go-binary': [
      sample('usr/bin/tool', program('.go.buildinfo', goInfo())),
      sample('usr/bin/stripped', strippedGo()),
    ],
    'rust-binary': [sample('usr/bin/tool', program('.dep-v0', auditData()))],
    java: [
      sample('srv/tool-1.0.jar', zipArchive([mavenProperties, manifest])),
      sample('srv/silent-2.0.jar', zipArchive([{ path: 'a.class', content: 'x' }])),
    ],
    'java-runtime': [
      sample('opt/jdk/release', 'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="21.0.3"\n'),
    ],
    'dotnet-assembly': [sample('app/Lab.Json.dll', assembly())],
    'elf-note': [sample('usr/bin/tool', program('.note.package', packageNote()))],
    'linux-kernel': [sample('boot/vmlinuz-6.1.0-18-amd64', kernel())],
    'binary-version': [sample('usr/bin/busybox', text('\0BusyBox v1.36.1\0'))],
    'text-version': [sample('usr/local/go/VERSION', 'go1.22.1\ntime 2024-02-29T18:18:48Z\n')],
  };
}

/** A Go program whose build information was removed, with its table of functions. */
function strippedGo(): Buffer {
  const table = Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
  return elfFile([
    { name: '.gopclntab', bytes: table },
    { name: '.rodata', bytes: Buffer.from('\0go1.22.1\0') },
  ]);
}

function auditData(): Buffer {
  const packages = [
    { name: 'tool', version: '0.1.0', dependencies: [1] },
    { name: 'serde', version: '1.0.2' },
  ];
  return deflateSync(JSON.stringify({ packages }));
}

const mavenProperties = {
  path: 'META-INF/maven/org.example/tool/pom.properties',
  content: 'groupId=org.example\nartifactId=tool\nversion=1.0\n',
};
const manifest = {
  path: 'META-INF/MANIFEST.MF',
  content: 'Manifest-Version: 1.0\nImplementation-Vendor: Example\nBundle-License: MIT\n\n',
};

const dpkgStatus = `Package: bash
Status: install ok installed
Maintainer: Debian <debian@example.org>
Architecture: amd64
Source: bash-source (5.2-1)
Version: 5.2-2
Depends: base-files (>= 2.1.12), debianutils

Package: old
Status: deinstall ok config-files
Version: 1

Package: half
Status: install reinstreq half-installed
Version: 1
`;

function chiselManifest(): Buffer {
  const lines = [
    { jsonwall: '1.0', schema: '1.0', count: 3 },
    { kind: 'package', name: 'libc6', version: '2.39', sha256, arch: 'amd64' },
    { kind: 'path', path: '/etc/x', mode: '0644', slices: ['libc6_a'], sha256 },
  ];
  return zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

const apkDatabase = [
  ...['P:musl', 'V:1.2.5-r0', 'A:x86_64', 'L:MIT', 'o:musl', 'm:A <a@example.org>'],
  ...['D:so:libc.musl-x86_64.so.1', 'F:lib', 'R:a'],
  ...[`Z:Q1${Buffer.from(sha1, 'hex').toString('base64')}`, 'R:b'],
  ...[`Z:Q2${Buffer.from(sha256, 'hex').toString('base64')}`, '', ''],
].join('\n');

/** Packages of three generations, each with digests of its time. */
function rpmDatabase(): Buffer {
  const about = { version: '1', release: '1.el9', epoch: 2 };
  return sqliteDatabase(
    [md5, sha1, sha256].map((digest, at) => {
      const files = [{ directory: '/usr/bin/', name: 'a', digest }];
      return rpmHeader({ ...about, name: `tool${at}`, files });
    }),
  );
}

const rpmManifest = [
  ...['bash', '5.2-1.azl3', '1700000000', '1700000000', 'Microsoft', '(none)', '100', 'x86_64'],
  ...['0', 'bash-5.2-1.azl3.src.rpm\n'],
].join('\t');

const pacmanDescription = [
  ...['%NAME%\nbash\n', '%VERSION%\n5.2-2\n', '%BASE%\nbash\n', '%ARCH%\nx86_64\n'],
  ...['%LICENSE%\nGPL-3.0-or-later\n', '%PACKAGER%\nA <a@example.org>\n', '%DEPENDS%\nglibc\n', ''],
].join('\n');

const mtree = [
  '#mtree',
  '/set type=file uid=0 gid=0 mode=644',
  `./usr/a time=1.0 size=1 md5digest=${md5}`,
  `./usr/b time=1.0 size=1 sha1digest=${sha1}`,
  `./usr/c time=1.0 size=1 md5digest=${md5} sha256digest=${sha256}`,
  '',
].join('\n');

const bottlerocket = JSON.stringify({
  Content: [
    {
      ...{ Name: 'glibc', Publisher: 'Bottlerocket', Version: '2.40', Release: '1.br1' },
      ...{ Epoch: '0', Architecture: 'x86_64' },
    },
  ],
});
