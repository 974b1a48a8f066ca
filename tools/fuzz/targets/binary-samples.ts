/** Programs, databases and other binary files. */
import { zipArchive } from '../../../packages/analysis/src/archive/testing/zip-samples.ts';
import {
  elfFile,
  machOFile,
  peFile,
} from '../../../packages/analysis/src/inventory/binary/testing/binary-samples.ts';
import {
  assembly,
  goInfo,
  kernel,
  oldGoInfo,
  packageNote,
  rustList,
} from '../../../packages/analysis/src/inventory/testing/program-samples.ts';
import {
  berkeleyDatabase,
  ndbDatabase,
  sqliteDatabase,
  sqliteTable,
} from '../../../packages/analysis/src/inventory/testing/rpm-databases.ts';
import { rpmHeader } from '../../../packages/analysis/src/inventory/testing/rpm-header.ts';
import { packed } from './sample-bytes.ts';

let made: readonly Buffer[] | undefined;

export function binarySeeds(): readonly Buffer[] {
  made ??= [...programs(), ...databases(), ...jars(), ...Object.values(packed)];
  return made;
}

export function programs(): Buffer[] {
  return [
    elfFile([{ name: '.text', bytes: Buffer.from('OpenSSL 3.0.15 3 Sep 2024\0Python 3.12.1\0') }]),
    elfFile([{ name: '.go.buildinfo', bytes: goInfo() }]),
    elfFile([{ name: '.go.buildinfo', bytes: goInfo() }], { isStripped: true }),
    elfFile([{ name: '.go.buildinfo', bytes: oldGoInfo() }]),
    peFile([{ name: '.data', bytes: goInfo(), isWritable: true }]),
    machOFile([{ name: '__go_buildinfo', bytes: goInfo() }]),
    machOFile([{ name: '__text', bytes: Buffer.from('x') }], true),
    elfFile([{ name: '.dep-v0', bytes: rustList() }], { is64: false, isBigEndian: true }),
    elfFile([{ name: '.dep-v0', bytes: rustList() }]),
    peFile([{ name: '.dep-v0', bytes: rustList() }]),
    elfFile([{ name: '.note.package', bytes: packageNote() }]),
    assembly(),
    kernel(),
  ];
}

export function rpmHeaders(): Buffer[] {
  const files = [
    { directory: '/usr/bin/', name: 'tool', digest: 'ab'.repeat(32) },
    { directory: '/etc/', name: 'tool.conf' },
  ];
  return [
    rpmHeader({ name: 'tool', version: '1.2', release: '3.el9', epoch: 1, files }),
    rpmHeader({ name: 'gpg-pubkey', version: '1', release: '2' }),
  ];
}

function databases(): Buffer[] {
  const blobs = rpmHeaders();
  const long = Buffer.concat([...blobs, Buffer.alloc(2_000)]);
  const many = [...blobs, ...blobs, ...blobs, long];
  return [
    sqliteDatabase(many, { pageBytes: 512 }),
    sqliteTable('ValidPaths', ['/nix/store/0123456789abcdfghijklmnpqrsvwxyz-tool-1.2'], 512),
    ndbDatabase(blobs),
    berkeleyDatabase(many, { pageBytes: 512 }),
    berkeleyDatabase(blobs, { pageBytes: 1_024, order: 'big' }),
    ...blobs,
  ];
}

const pom = [
  ['META-INF/maven/org.lab/tool/pom.properties', 'groupId=org.lab\nartifactId=tool\nversion=1\n'],
  [
    'META-INF/maven/org.lab/tool/pom.xml',
    '<project><groupId>org.lab</groupId><artifactId>tool</artifactId><version>1</version></project>',
  ],
  [
    'META-INF/MANIFEST.MF',
    'Manifest-Version: 1.0\nImplementation-Title: tool\nBundle-Version: 1\n',
  ],
].map(([path = '', content = '']) => ({ path, content }));

function jars(): Buffer[] {
  const jar = zipArchive(pom);
  const egg = zipArchive([{ path: 'EGG-INFO/PKG-INFO', content: 'Name: tool\nVersion: 1\n' }]);
  return [jar, zipArchive([{ path: 'BOOT-INF/lib/tool-1.0.jar', content: jar, method: 0 }]), egg];
}
