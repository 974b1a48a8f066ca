/** The commands that inspect images without a server. */
import type { ArgumentSpec, CommandSpec } from '../../command/command.ts';
import {
  failOnFlag,
  feedFormats,
  inspectionFlags,
  reportOutputFlag,
  sectionFlags,
} from './flags.ts';

const group = 'Images';

function image(name: string, summary: string): ArgumentSpec {
  return { name, required: true, summary, completes: 'file' };
}

export const inspectCommands: readonly CommandSpec[] = [
  {
    words: 'inspect',
    group,
    summary: 'Inspect an image, an archive or a directory without running it',
    details:
      'Lists packages and scans every file of every layer, including files hidden by later ' +
      'layers. An image is `registry/name:tag`, an archive of `docker save`, an OCI layout, ' +
      '`docker:name`, `container:name`, `dir:path`, or `-` for an archive on standard input. No ' +
      'server is needed; see docs/inspect.md',
    arguments: [image('image', 'Image, archive or directory, or - for standard input')],
    flags: [reportOutputFlag, failOnFlag, ...sectionFlags, ...inspectionFlags],
    ownOutput: true,
    ownOutputFile: true,
    examples: [
      'lazaret inspect registry.example/app:1.2',
      'docker save app | lazaret inspect -',
      'lazaret inspect app:1.2 -o cyclonedx -O app.cdx.json',
      'lazaret inspect image.tar --fail-on high,incomplete -o table -o sarif=app.sarif',
      'lazaret inspect dir:/srv/www --yara-rules rules/ --clamd /run/clamav/clamd.ctl',
    ],
    load: async () => (await import('./inspect.ts')).run,
  },
  {
    words: 'inspect diff',
    group,
    summary: 'Compare two images: packages, files, findings, configuration',
    details: 'Either image may be a report saved with `-o json`',
    arguments: [image('before', 'Image or saved report'), image('after', 'Image or saved report')],
    flags: [{ name: 'exit-code', summary: 'Exit with 10 if they differ' }, ...inspectionFlags],
    examples: ['lazaret inspect diff app:1.1 app:1.2', 'lazaret inspect diff old.json new.json'],
    load: async () => (await import('./diff.ts')).run,
  },
  {
    words: 'inspect convert',
    group,
    summary: 'Convert a saved report to another format',
    arguments: [image('report', 'Report saved with `-o json`, or - for standard input')],
    flags: [reportOutputFlag, failOnFlag, ...sectionFlags],
    ownOutput: true,
    ownOutputFile: true,
    examples: ['lazaret inspect convert app.json -o cyclonedx -O app.cdx.json'],
    load: async () => (await import('./convert.ts')).runConvert,
  },
  {
    words: 'inspect advisories',
    group,
    summary: 'Import vulnerability feeds from files, for --vulnerability-db',
    details:
      'OSV records (a directory, an all.zip, NDJSON), the Debian and Arch trackers, Alpine secdb, ' +
      'CSAF. Does not access the network. Existing records are kept unless --replace is given',
    arguments: [
      {
        name: 'feeds',
        required: true,
        variadic: true,
        summary: 'Files or directories',
        completes: 'file',
      },
    ],
    flags: [
      {
        name: 'format',
        value: 'format',
        choices: feedFormats,
        summary: 'Format of the feeds (default osv)',
      },
      { name: 'to', value: 'file', summary: 'Database to create or add to', completes: 'file' },
      { name: 'replace', summary: 'Replace the existing database' },
    ],
    examples: ['lazaret inspect advisories debian/all.zip --to advisories.db'],
    load: async () => (await import('./import-advisories.ts')).run,
  },
  {
    words: 'inspect readers',
    group,
    summary: 'List the files that are read for packages, by ecosystem',
    details:
      'With an ecosystem or a reader, shows its files, what is not read, and known gaps. See ' +
      'docs/inventory.md, and docs/scanners.md for scanners',
    arguments: [
      { name: 'ecosystem', required: false, summary: 'Name of an ecosystem or a reader' },
    ],
    flags: [],
    examples: ['lazaret inspect readers', 'lazaret inspect readers npm'],
    load: async () => (await import('./readers.ts')).run,
  },
  {
    words: 'inspect schema',
    group,
    summary: 'Print the JSON Schema of reports',
    arguments: [],
    flags: [],
    load: async () => (await import('./convert.ts')).runSchema,
  },
];
