/** The custom commands on images that a server inspects. */
import type { CommandSpec } from '../../command/command.ts';

const group = 'Images';

const sha256Argument = { name: 'sha256', required: true, summary: 'SHA-256 of the file' } as const;
const sourceFlags = [
  { name: 'image', value: 'digest', summary: 'Image to read it from (default: the latest)' },
  { name: 'project', value: 'name', summary: 'Project of the file' },
] as const;

export const imageCommands: readonly CommandSpec[] = [
  {
    words: 'lookup',
    group,
    summary: 'Look up digests and packages in everything that the server has stored',
    details:
      'A digest (SHA-256, SHA-1 or MD5) is looked up as that of a file and of an image, a purl as ' +
      'a package of any version unless it has one. `verdict` is about the file or image itself: ' +
      '`none` when it is known but was not fully examined, `unknown` when nothing has it. The exit ' +
      'code is 11 when one of them is malicious.',
    arguments: [
      {
        name: 'indicator',
        required: false,
        variadic: true,
        summary: 'Digests and purls; - reads them from standard input',
      },
    ],
    flags: [
      {
        name: 'file',
        short: 'f',
        value: 'path',
        summary: 'File with one indicator per line; # starts a comment',
        completes: 'file',
      },
      { name: 'known', summary: 'Only those that are known' },
      { name: 'project', value: 'name', summary: 'Only what this project has' },
    ],
    examples: [
      'lazaret lookup 44d88612fea8a8f36de82e1278abb02f pkg:deb/debian/xz-utils@5.6.0',
      'lazaret lookup --known -f iocs.txt',
      "sha256sum /usr/bin/* | cut -d' ' -f1 | lazaret lookup - -o json",
    ],
    load: async () => (await import('./lookup.ts')).runLookup,
  },
  {
    words: 'images inspect',
    group,
    summary: 'Inspect an image of a registry, or an archive of images, on the server',
    details:
      'The server pulls the image, inspects it and stores the report; `lazaret inspect` does the ' +
      'same on this machine, without a server. An image that was inspected with the same scanners ' +
      'is not inspected again unless --force is given. A path uploads an archive of `docker save` ' +
      'or of an OCI layout; all its images are inspected unless --platform is given.',
    arguments: [
      {
        name: 'image',
        required: true,
        summary: 'Image reference, path of an archive, or - for standard input',
      },
    ],
    flags: [
      { name: 'wait', short: 'w', summary: 'Wait for the end; the exit code reports the verdict' },
      { name: 'platform', value: 'os/arch', summary: 'Platform, e.g. linux/arm64, or all' },
      { name: 'force', summary: 'Inspect again even if the image is already known' },
      { name: 'project', value: 'name', summary: 'Project of the image' },
      {
        name: 'idempotency-key',
        value: 'key',
        summary: 'Return the existing inspection if this key was used before',
      },
    ],
    examples: [
      'lazaret images inspect registry.lab/app:1.2 --wait',
      'lazaret images inspect image.tar --wait',
      'docker save app:1.2 | lazaret images inspect - --wait',
    ],
    load: async () => (await import('./images.ts')).runInspect,
  },
  {
    words: 'images report',
    group,
    summary: 'Download the report of an image as JSON, YAML, CycloneDX, SPDX, SARIF, or records',
    details: '`-o collector` is the metadata and package records of Banyan Collector, one a line.',
    arguments: [{ name: 'image', required: true, summary: 'Digest or name of the image' }],
    flags: [
      {
        name: 'format',
        value: 'format',
        choices: ['json', 'cyclonedx', 'spdx', 'sarif', 'collector'],
        summary: 'Earlier name of --output',
        hidden: true,
      },
      { name: 'project', value: 'name', summary: 'Project of the image' },
    ],
    formats: ['json', 'yaml', 'cyclonedx', 'spdx', 'sarif', 'collector'],
    outputWasFile: true,
    examples: ['lazaret images report sha256:… -o cyclonedx -O app.cdx.json'],
    load: async () => (await import('./images.ts')).runReport,
  },
  {
    words: 'files preview',
    group,
    summary: 'Show the content of a file: as text, or as a hex dump',
    details:
      'A file of an image is read again from where the image came from, and verified by its SHA-256.',
    arguments: [sha256Argument],
    flags: [
      { name: 'hex', summary: 'A hex dump, also of text' },
      { name: 'offset', value: 'bytes', summary: 'Where to begin (default: 0)' },
      { name: 'length', value: 'bytes', summary: 'How much to show (default: 65536)' },
      ...sourceFlags,
    ],
    examples: ['lazaret files preview 275a021bbfb6… --hex'],
    load: async () => (await import('./files.ts')).runPreview,
  },
  {
    words: 'files download',
    group,
    summary: 'Download a file in a ZIP archive with the password `infected`',
    arguments: [sha256Argument],
    flags: sourceFlags,
    examples: ['lazaret files download 275a021bbfb6… -O sample.zip'],
    load: async () => (await import('./files.ts')).runDownload,
  },
];
