/** The custom commands on watched registries and their hooks. */
import type { CommandSpec } from '../../command/command.ts';

export const registryCommands: readonly CommandSpec[] = [
  {
    words: 'registries import',
    group: 'Registries',
    summary: 'Watch the registry that a command line of Banyan Collector names',
    details:
      'Takes the options of Collector and its arguments REGISTRY [REPO ...]; local.host means the ' +
      'images of the container engine of the server. Options that nothing corresponds to are ' +
      'refused with the reason. `--name NAME` and `--project NAME` are those of the registry, ' +
      '`--dry-run` only prints its settings.',
    arguments: [
      { name: 'arguments', required: true, variadic: true, summary: 'Arguments of Collector' },
    ],
    flags: [],
    raw: true,
    examples: [
      'lazaret registries import --poll=60 --maximages=5 registry.lab:5000 lab/app lab/base',
      'lazaret registries import --dry-run --registryhttps=false registry.lab:5000',
    ],
    load: async () => (await import('./import-registry.ts')).runImport,
  },
  {
    words: 'registries check',
    group: 'Registries',
    summary: 'Check what works with a registry: connection, sign-in, catalog, deletion, referrers',
    details:
      'Changes nothing in the registry: whether manifests can be deleted is found out with a ' +
      'digest that does not exist. Exits with 1 if something failed.',
    arguments: [{ name: 'name', required: true, variadic: true, summary: 'Name of the registry' }],
    flags: [{ name: 'project', value: 'name', summary: 'Project of the registry' }],
    examples: ['lazaret registries check lab', 'lazaret registries check lab -o json'],
    load: async () => (await import('./check-registry.ts')).runCheck,
  },
  {
    words: 'hooks test',
    group: 'Registries',
    summary: 'Send a notification as the registry would to the hook, and report what happens',
    details:
      'The server sends an authentic request of the kind of the hook to its own address. It is ' +
      'received, stored and read like any other, but records no arrival. Whether the registry ' +
      'reaches that address is not tested. Exits with 1 if a step failed.',
    arguments: [{ name: 'name', required: true, summary: 'Name of the hook' }],
    flags: [],
    examples: ['lazaret hooks test lab'],
    load: async () => (await import('./test-hook.ts')).runTest,
  },
];
