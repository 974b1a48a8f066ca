/** The custom commands on collector scripts. */
import type { ScriptFormat, ScriptKind } from '@lazaret/protocol';

import type { CommandSpec } from '../../command/command.ts';

/** Written here because the help needs no schemas; the types name every one. */
const kinds: Readonly<Record<ScriptKind, true>> = {
  ...{ shell: true, python: true, javascript: true, binary: true },
};
const formats: Readonly<Record<ScriptFormat, true>> = { text: true, json: true, yaml: true };

export const scriptCommands: readonly CommandSpec[] = [
  {
    words: 'scripts add',
    group: 'Images',
    summary: 'Add collector scripts, or replace them; they visit stored images in the background',
    details:
      'The name is that of the file, in lower case. The kind follows from its ending: .sh, .py and ' +
      '.js; everything else is a statically linked program. A script whose content or settings ' +
      'changed runs again in every image that it selects.',
    arguments: [
      {
        name: 'file',
        required: true,
        variadic: true,
        summary: 'Scripts or statically linked programs',
        completes: 'file',
      },
    ],
    flags: [
      { name: 'name', value: 'text', summary: 'Name of the script (default: that of the file)' },
      {
        name: 'kind',
        value: 'text',
        choices: Object.keys(kinds),
        summary: 'What runs it (default: by the ending of the file)',
      },
      {
        name: 'format',
        value: 'text',
        choices: Object.keys(formats),
        summary: 'What the script prints (default: text)',
      },
      {
        name: 'image',
        value: 'text',
        repeatable: true,
        summary: 'Glob of image names without tag, as in registry.lab/team/*; repeatable',
      },
      {
        name: 'label',
        value: 'text',
        repeatable: true,
        summary: 'Label that the image must have: key or key=value; repeatable',
      },
      {
        name: 'platform',
        value: 'text',
        repeatable: true,
        summary: 'Platform of the image, as in linux/amd64; repeatable',
      },
      {
        name: 'user',
        value: 'uid:gid',
        summary: 'Numeric user (default: 65532:65532); 0:0 is root without capabilities',
      },
      { name: 'time-limit', value: 'duration', summary: 'Time limit, as in 90s (default: 60s)' },
      {
        name: 'output-limit',
        value: 'size',
        summary: 'Limit of standard output, as in 1MiB (default: 1MiB)',
      },
      { name: 'memory', value: 'size', summary: 'Memory limit, as in 256MiB (default: 256MiB)' },
      { name: 'processes', value: 'number', summary: 'Limit of processes (default: 64)' },
    ],
    examples: [
      'lazaret scripts add --format json check-nginx.sh',
      'lazaret scripts add --user 0 --image "registry.lab/web/*" audit.py',
    ],
    load: async () => (await import('./scripts.ts')).runAdd,
  },
  {
    words: 'scripts run',
    group: 'Images',
    summary: 'Run collector scripts in an image, and print what they print',
    details:
      'Without --script, every enabled script that selects the image. What ran in this image ' +
      'before does not run again unless --fresh is given. Waits for the end; exits with 1 if a ' +
      'script did not succeed.',
    arguments: [{ name: 'digest', required: true, summary: 'Digest or name of the image' }],
    flags: [
      { name: 'script', value: 'text', repeatable: true, summary: 'Name of a script; repeatable' },
      {
        name: 'project',
        value: 'text',
        summary: 'Project of the image (default: all accessible projects)',
      },
      { name: 'fresh', summary: 'Run them again' },
      { name: 'no-wait', summary: 'Do not wait for the end' },
    ],
    examples: ['lazaret scripts run registry.lab/web/shop:3 --script packages.sh'],
    load: async () => (await import('./scripts.ts')).runScripts,
  },
];
