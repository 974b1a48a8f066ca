/** The commands on images that a server inspects, beyond the operations' rows. */
import type { CommandSpec } from '../command.ts';

const group = 'Images';

export const imageCommands: readonly CommandSpec[] = [
  {
    words: 'images inspect',
    group,
    summary: 'Ask the server to inspect an image of a registry',
    details:
      'The server fetches the image, looks into it and keeps what it found; `lazaret inspect` does ' +
      'the same on this machine, without a server. What is known already is not inspected again.',
    arguments: [{ name: 'image', required: true, summary: 'As in registry.lab/app:1.2' }],
    flags: [
      { name: 'wait', short: 'w', summary: 'Wait for the end; the exit code says how it went' },
      { name: 'platform', value: 'os/arch', summary: 'As in linux/arm64, or all' },
      { name: 'force', summary: 'Inspect anew what is known already' },
      { name: 'project', value: 'name', summary: 'Project that the image belongs to' },
      {
        name: 'idempotency-key',
        value: 'key',
        summary: 'The same key again answers with the first inspection',
      },
    ],
    examples: ['lazaret images inspect registry.lab/app:1.2 --wait'],
    load: async () => (await import('./images.ts')).runInspect,
  },
  {
    words: 'images report',
    group,
    summary: 'Fetch the report of an image as JSON, CycloneDX, SPDX or SARIF',
    arguments: [{ name: 'digest', required: true, summary: 'Digest of the image' }],
    flags: [
      {
        name: 'format',
        value: 'word',
        choices: ['json', 'cyclonedx', 'spdx', 'sarif'],
        summary: 'Format of the report (json)',
      },
      { name: 'project', value: 'name', summary: 'The project' },
      {
        name: 'output',
        short: 'o',
        value: 'file',
        summary: 'Where to write it; standard output unless given',
        completes: 'file',
      },
    ],
    ownOutput: true,
    examples: ['lazaret images report sha256:… --format cyclonedx -o app.cdx.json'],
    load: async () => (await import('./images.ts')).runReport,
  },
];
