/** The custom commands on engines and nodes. */
import type { ArgumentSpec, CommandSpec } from '../../command/command.ts';

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
  summary: 'Manifest files (YAML or JSON), directories with one, or - for standard input',
  completes: 'file',
};
const nodeNames: ArgumentSpec = {
  name: 'name',
  required: true,
  variadic: true,
  summary: 'Names of the nodes',
};
const group = 'Engines and nodes';

export const engineCommands: readonly CommandSpec[] = [
  {
    words: 'engines add',
    group,
    summary: 'Add engines or new revisions of engines from manifests',
    details:
      'All manifests are validated before the first one is sent. Images are pinned to digests.',
    arguments: [manifestFiles],
    flags: [],
    examples: ['lazaret engines add engines/strings', 'lazaret engines add - < engine.yaml'],
    load: async () => (await import('./engines.ts')).runAdd,
  },
  {
    words: 'engines validate',
    group,
    summary: 'Validate manifests without adding them',
    details:
      'Works without a server; if one is configured it validates as well. With -o yaml the ' +
      'manifest is printed with all defaults.',
    arguments: [manifestFiles],
    flags: [{ name: 'offline', summary: 'Do not ask a server' }],
    examples: ['lazaret engines validate engine.yaml -o yaml'],
    load: async () => (await import('./engines.ts')).runValidate,
  },
  {
    words: 'engines import',
    group,
    summary: 'Import a legacy engines.json',
    details: 'Entries are added or rejected one by one; exits with 1 if one was rejected.',
    arguments: [
      {
        name: 'file',
        required: true,
        summary: 'engines.json, or - for standard input',
        completes: 'file',
      },
    ],
    flags: [],
    examples: ['lazaret engines import confs/engines.json'],
    load: async () => (await import('./engines.ts')).runImport,
  },
  {
    words: 'engines enable',
    group,
    summary: 'Accept new jobs for engines',
    arguments: [engineNames],
    flags: [],
    load: async () => (await import('./engines.ts')).runEnable,
  },
  {
    words: 'engines disable',
    group,
    summary: 'Reject new jobs for engines; running jobs continue',
    arguments: [engineNames],
    flags: [],
    load: async () => (await import('./engines.ts')).runDisable,
  },
  {
    words: 'nodes cordon',
    group,
    summary: 'Mark nodes as unschedulable; running attempts continue',
    arguments: [nodeNames],
    flags: [],
    load: async () => (await import('./nodes.ts')).runCordon,
  },
  {
    words: 'nodes uncordon',
    group,
    summary: 'Mark nodes as schedulable',
    arguments: [nodeNames],
    flags: [],
    load: async () => (await import('./nodes.ts')).runUncordon,
  },
];
