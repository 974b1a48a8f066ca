import type { InspectionReport } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { zipArchive } from '../../archive/testing/zip-samples.ts';
import type { TarInput } from '../../archive/write-tar.ts';
import { elfFile } from '../../inventory/binary/testing/binary-samples.ts';
import { buildImage } from '../../testing/image-builder.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { inspect } from '../inspect.ts';

function file(path: string, content: string | Buffer): TarInput {
  return { path, content: Buffer.from(content) };
}

const systemd = JSON.stringify({ type: 'deb', os: 'debian', name: 'systemd', version: '252' });
const noted = elfFile([{ name: '.note.package', bytes: packageNote(systemd) }]);
const root = [
  file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
  file(
    'var/lib/dpkg/status',
    'Package: libsystemd0\nStatus: install ok installed\nVersion: 252\nArchitecture: amd64\n\n',
  ),
  file('var/lib/dpkg/info/libsystemd0.list', '/usr/lib/libsystemd.so.0\n'),
  file('var/lib/dpkg/info/libsystemd0.postinst', ''),
];

async function reportOf(...entries: TarInput[]): Promise<InspectionReport> {
  const source = memorySource(await buildImage({ layers: [{ entries }] }));
  const [report] = await inspect(source, { toolVersion: '1', now: () => 0, parallel: 0 });
  if (report === undefined) throw new Error('an image without its report');
  return report;
}

test("the note in a library that the system's package brought is not a second package", async () => {
  const { packages, unowned } = await reportOf(...root, file('usr/lib/libsystemd.so.0', noted));
  expect(packages.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libsystemd0@252?arch=amd64&distro=debian-12',
  ]);
  expect(unowned).toEqual({ count: 1, paths: ['etc/os-release'] });
});

test('the note in a library without a package is reported once, in one namespace', async () => {
  const { packages, unowned } = await reportOf(...root, file('opt/libsystemd.so.0', noted));
  expect(packages.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libsystemd0@252?arch=amd64&distro=debian-12',
    'pkg:deb/debian/systemd@252?distro=debian-12',
  ]);
  expect(unowned?.paths).toEqual(['etc/os-release', 'opt/libsystemd.so.0']);
});

test('an owned Java runtime is reported by its package, an archive by its coordinates', async () => {
  const owned = 'usr/lib/jvm/java-17/release';
  const jar = zipArchive([{ path: 'META-INF/MANIFEST.MF', content: 'Bundle-Version: 1.0\n' }]);
  const { packages } = await reportOf(
    ...root,
    file('var/lib/dpkg/info/java.list', `/${owned}\n/usr/share/java/asm-9.4.jar\n`),
    file(owned, 'JAVA_VERSION="17.0.21"\nIMPLEMENTOR="Debian"\n'),
    file('usr/share/java/asm-9.4.jar', jar),
  );
  expect(packages.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libsystemd0@252?arch=amd64&distro=debian-12',
    'pkg:maven/org.ow2.asm/asm@9.4',
  ]);
  expect(packages[1]).toMatchObject({ isOwnedBySystem: true });
});

/** A note of the owner `FDO` (systemd, "Package Metadata for ELF Files"). */
function packageNote(text: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(text.length, 4);
  head.writeUInt32LE(0xcafe1a7e, 8);
  head.write('FDO\0', 12);
  return Buffer.concat([head, Buffer.from(text)]);
}
