/** The commands that look inside images, with no server. */
import type { ArgumentSpec, CommandSpec } from '../command.ts';
import { examineFlags, failFlag, feedFormats, outputFlag, sectionFlags } from './inspect-flags.ts';

const group = 'Images';

function image(name: string, summary: string): ArgumentSpec {
  return { name, required: true, summary, completes: 'file' };
}

export const inspectCommands: readonly CommandSpec[] = [
  {
    words: 'inspect',
    group,
    summary: 'Look inside an image, an archive or a directory without running anything',
    details:
      'Lists packages, scans every file of every layer, those that later layers hide too, and ' +
      'judges. An image is `registry/name:tag`, an archive of `docker save`, an OCI layout, ' +
      '`docker:name`, `container:name`, `dir:path`, or `-` for an archive on standard input. No ' +
      'server is needed; see docs/inspect.md',
    arguments: [image('image', 'An image, an archive or a directory, or - for standard input')],
    flags: [outputFlag, failFlag, ...sectionFlags, ...examineFlags],
    ownOutput: true,
    examples: [
      'lazaret inspect registry.example/app:1.2',
      'docker save app | lazaret inspect -',
      'lazaret inspect image.tar --fail-on high,incomplete --output sarif=app.sarif',
      'lazaret inspect dir:/srv/www --yara-rules rules/ --clamd /run/clamav/clamd.ctl',
    ],
    load: async () => (await import('./inspect.ts')).run,
  },
  {
    words: 'inspect diff',
    group,
    summary: 'What lies between two images: packages, files, findings, configuration',
    details: 'Reports that were saved with `--output json` may stand for images',
    arguments: [
      image('before', 'An image, or a saved report'),
      image('after', 'An image, or a saved report'),
    ],
    flags: [
      { name: 'exit-code', summary: 'Exit with 10 when there is a difference' },
      ...examineFlags,
    ],
    examples: ['lazaret inspect diff app:1.1 app:1.2', 'lazaret inspect diff old.json new.json'],
    load: async () => (await import('./inspect-diff.ts')).run,
  },
  {
    words: 'inspect convert',
    group,
    summary: 'Write a saved report in another format',
    arguments: [image('report', 'A report of `--output json`, or - for standard input')],
    flags: [outputFlag, failFlag, ...sectionFlags],
    ownOutput: true,
    examples: ['lazaret inspect convert app.json --output cyclonedx=app.cdx.json'],
    load: async () => (await import('./inspect-convert.ts')).runConvert,
  },
  {
    words: 'inspect advisories',
    group,
    summary: 'Import vulnerability feeds from files, for --vulnerability-db',
    details:
      'OSV records (a directory, an all.zip, NDJSON), the trackers of Debian and Arch, Alpine’s ' +
      'secdb, CSAF. Nothing is fetched. What the database has already stays, unless replaced',
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
      { name: 'format', value: 'format', summary: `One of ${feedFormats.join(', ')} (osv)` },
      { name: 'to', value: 'file', summary: 'The database to make or add to', completes: 'file' },
      { name: 'replace', summary: 'Begin with nothing' },
    ],
    examples: ['lazaret inspect advisories debian/all.zip --to advisories.db'],
    load: async () => (await import('./inspect-advisories.ts')).run,
  },
  {
    words: 'inspect schema',
    group,
    summary: 'Print the JSON Schema of reports',
    arguments: [],
    flags: [],
    load: async () => (await import('./inspect-convert.ts')).runSchema,
  },
];
