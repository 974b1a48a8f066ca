/** What the commands on engines and nodes are, beyond the operations' rows. */
import type { ArgumentSpec, CommandSpec } from '../command.ts';

const engineNames: ArgumentSpec = {
  name: 'name',
  required: true,
  variadic: true,
  summary: 'Names of the engines',
  completes: 'engine',
};
const manifestFiles: ArgumentSpec = {
  name: 'file',
  required: true,
  variadic: true,
  summary: 'Manifests (YAML or JSON), directories that hold one, or - for standard input',
  completes: 'file',
};
const nodeNames: ArgumentSpec = {
  name: 'name',
  required: true,
  variadic: true,
  summary: 'Names of the nodes',
};
const group = 'Engines and nodes';

export const catalogueCommands: readonly CommandSpec[] = [
  {
    words: 'engines add',
    group,
    summary: 'Add engines, or new revisions of them, from their manifests',
    details:
      'Every manifest is checked before the first one is sent. Images are pinned to digests.',
    arguments: [manifestFiles],
    flags: [],
    examples: ['lazaret engines add engines/strings', 'lazaret engines add - < engine.yaml'],
    load: async () => (await import('./engines.ts')).runAdd,
  },
  {
    words: 'engines validate',
    group,
    summary: 'Check manifests without adding them',
    details:
      'Works without a server; a server that is known checks as well. With -o yaml the manifest ' +
      'comes back with every default filled in.',
    arguments: [manifestFiles],
    flags: [{ name: 'offline', summary: 'Ask no server' }],
    examples: ['lazaret engines validate engine.yaml -o yaml'],
    load: async () => (await import('./engines.ts')).runValidate,
  },
  {
    words: 'engines import',
    group,
    summary: "Import the predecessor's engines.json",
    details: 'Each entry is added or refused by itself; the exit code is 1 when one was refused.',
    arguments: [{ name: 'file', required: true, summary: 'engines.json, or -', completes: 'file' }],
    flags: [],
    examples: ['lazaret engines import confs/engines.json'],
    load: async () => (await import('./engines.ts')).runImport,
  },
  {
    words: 'engines enable',
    group,
    summary: 'Let engines take new jobs',
    arguments: [engineNames],
    flags: [],
    load: async () => (await import('./engines.ts')).runEnable,
  },
  {
    words: 'engines disable',
    group,
    summary: 'Keep engines from taking new jobs; running ones go on',
    arguments: [engineNames],
    flags: [],
    load: async () => (await import('./engines.ts')).runDisable,
  },
  {
    words: 'nodes cordon',
    group,
    summary: 'Give nodes nothing new; what runs on them goes on',
    arguments: [nodeNames],
    flags: [],
    load: async () => (await import('./nodes.ts')).runCordon,
  },
  {
    words: 'nodes uncordon',
    group,
    summary: 'Take nodes back',
    arguments: [nodeNames],
    flags: [],
    load: async () => (await import('./nodes.ts')).runUncordon,
  },
];
