/** The commands that look inside images, with no server. */
import type { ArgumentSpec, CommandSpec } from '../command.ts';
import { examineFlags, failFlag, outputFlag, sectionFlags } from './inspect-flags.ts';

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
      '`docker:name`, `container:name` or `dir:path`. No server is needed; see ' +
      'docs/inspect.md',
    arguments: [image('image', 'An image, an archive or a directory')],
    flags: [outputFlag, failFlag, ...sectionFlags, ...examineFlags],
    ownOutput: true,
    examples: [
      'lazaret inspect registry.example/app:1.2',
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
    words: 'inspect schema',
    group,
    summary: 'Print the JSON Schema of reports',
    arguments: [],
    flags: [],
    load: async () => (await import('./inspect-convert.ts')).runSchema,
  },
];
