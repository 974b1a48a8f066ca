import { executables } from '../binary/executables.ts';
import type { Ecosystem, PackageYield, ReadFile } from '../ecosystem.ts';
import { binaryClassifierReader } from './binary-classifiers.ts';
import { versionMarks } from './binary-versions.ts';
import { elfNoteReader, linuxKernelReader } from './elf-notes.ts';
import { textMarks, textVersionReader } from './text-versions.ts';

const pattern = {
  purlTypes: ['generic'],
  purl: 'pkg:generic/<name>@<version>',
  foundBy: ['pattern'],
  states: ['installed'],
  details: [],
} satisfies PackageYield;

/** `libcrypto` is `libcrypto.so.3`, and `ld-musl` is `ld-musl-x86_64.so.1`. */
function programFile(name: string, key: string): ReadFile {
  const file = /^(?:ld-musl|libc\.musl)$/.test(key)
    ? { pattern: `**/${key}-*`, example: `lib/${key}-x86_64.so.1` }
    : key.startsWith('lib')
      ? { pattern: `**/${key}.so*`, example: `usr/lib/${key}.so.1` }
      : { pattern: `**/${key}`, example: `usr/bin/${key}` };
  return { ...file, content: executables, package: name };
}

export const programsEcosystem: Ecosystem = {
  name: 'programs',
  title: 'Programs without a package manager',
  group: 'other',
  readers: [
    {
      reader: elfNoteReader,
      summary: 'the package note that distributions put into programs (`.note.package`)',
      files: [
        {
          pattern: '**/*',
          example: 'usr/bin/tool',
          content: { format: 'ELF', magic: ['\x7fELF'] },
        },
      ],
      yields: {
        packages: {
          purlTypes: 'any',
          purl: 'pkg:<type>/<distribution>/<name>@<version>?arch=<architecture>',
          foundBy: ['build-info'],
          states: ['installed'],
          details: ['architecture'],
        },
      },
    },
    {
      reader: linuxKernelReader,
      summary: 'the version of Linux kernels for x86',
      files: ['vmlinuz', 'bzImage', 'kernel'].map((name) => ({
        pattern: `**/${name}*`,
        example: `boot/${name}-6.1.0-18-amd64`,
        content: { format: 'PE', magic: ['MZ'] },
        package: 'linux',
      })),
      yields: { packages: pattern },
    },
    {
      reader: binaryClassifierReader,
      summary: 'well-known programs and libraries, by their name and a version string in them',
      files: versionMarks.flatMap(({ name, keys }) => keys.map((key) => programFile(name, key))),
      yields: { packages: pattern },
    },
    {
      reader: textVersionReader,
      summary: 'software that states its version in a small text file',
      files: textMarks.map(({ name, file, folder }) => {
        const path = folder === undefined ? file : `${folder}/${file}`;
        return { pattern: `**/${path}`, example: `opt/${name}/${path}`, package: name };
      }),
      yields: { packages: pattern },
    },
  ],
  unread: [
    {
      pattern: '**/*.ko',
      example: 'lib/modules/6.1.0/kernel/drivers/net/dummy.ko',
      reason: 'modules of the kernel',
    },
    {
      pattern: 'boot/Image*',
      example: 'boot/Image-6.1.0',
      reason: 'kernels for other architectures than x86',
    },
  ],
  gaps: [
    'A version in the name of the file is allowed (`python3.11`, `libcrypto.so.3`), a renamed ' +
      'program is not recognised.',
    'Programs that a package of the distribution owns are omitted: the package has more information.',
    'ELF programs packed with UPX are a gap; other packers are not detected.',
  ],
};
