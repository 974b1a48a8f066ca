/**
 * Every command in the order of the help. Most are derived from the operations' rows; a custom
 * command with the same words replaces a derived one. To add a command, add a row to the list of
 * its group in `commands/`, or `cli` to the operation's row.
 */
import type { CommandGroup, CommandSpec, CommandTree, DerivedCommand } from './command.ts';
import { accessCommands } from '../commands/access/access-commands.ts';
import { engineCommands } from '../commands/engines/engine-commands.ts';
import { imageCommands } from '../commands/images/image-commands.ts';
import { inspectCommands } from '../commands/inspect/inspect-commands.ts';
import { policyCommands } from '../commands/policy/policy-commands.ts';
import { jobCommands } from '../commands/jobs/job-commands.ts';
import { registryCommands } from '../commands/registries/registry-commands.ts';
import { scriptCommands } from '../commands/scripts/script-commands.ts';
import { serverCommands } from '../commands/server/server-commands.ts';
import derivedCommands from './derived-commands.json' with { type: 'json' };

export const commandGroups: readonly CommandGroup[] = [
  'Jobs',
  'Images',
  'Registries',
  'Policies',
  'Engines and nodes',
  'Access',
  'Server',
  'This program',
];

/** Summaries of the groups of commands. */
const groups: Readonly<Record<string, string>> = {
  admin: 'Administer a server on this machine',
  arrivals: 'List and report what arrives in watched registries',
  actions: 'List, approve and reject what Lazaret does to registries',
  artifacts: 'List the members of archives, such as results of jobs',
  audit: 'Read, export and verify the audit log',
  config: 'Check and print the configuration of a server',
  context: 'Manage the servers that you are signed in to',
  files: 'Show, preview and submit files by their SHA-256',
  gate: 'Show what the gate in front of registries answers to pulls',
  hooks: 'Manage hooks, to which registries report pushes',
  images: 'Manage images that the server inspected',
  inspections: 'Manage inspections of images by the server',
  inspect: 'Inspect an image, an archive or a directory without running it',
  jobs: 'Manage jobs',
  decisions: 'List what policies decided about images in registries',
  engines: 'Manage engines, the analyzers that jobs run',
  nodes: 'Manage nodes, where containers run',
  notifications: 'Notify webhooks, mail addresses and files of events, and replay deliveries',
  quarantine: 'Take images out of registries reversibly, with their evidence',
  registries: 'Watch registries: repositories, tags and their history',
  policy: 'Check and test policies, and put them in force on a server',
  exceptions: 'Manage exceptions from policies, with reason, owner and expiry',
  scripts: 'Run collector scripts inside images, and read what they found',
  scanners: 'Show the malware scanners of the server',
  setup: 'Set up parts of a server on this machine',
  projects: 'Manage projects, which separate jobs and images of teams',
  tokens: 'Manage API tokens',
  users: 'Manage users and their roles',
};

/** Aliases of groups and verbs, as in docker and kubectl. */
const aliases: Readonly<Record<string, string>> = {
  action: 'actions',
  arrival: 'arrivals',
  contexts: 'context',
  create: 'add',
  delete: 'remove',
  describe: 'show',
  decision: 'decisions',
  engine: 'engines',
  get: 'show',
  exception: 'exceptions',
  hook: 'hooks',
  image: 'images',
  inspection: 'inspections',
  job: 'jobs',
  ls: 'list',
  node: 'nodes',
  notification: 'notifications',
  poll: 'sync',
  project: 'projects',
  registry: 'registries',
  script: 'scripts',
  rm: 'remove',
  token: 'tokens',
  user: 'users',
};

/** The section of the help for derived commands, by the noun of the operation. */
const groupOfNoun: Readonly<Record<string, CommandGroup>> = {
  jobs: 'Jobs',
  artifacts: 'Jobs',
  images: 'Images',
  files: 'Images',
  inspections: 'Images',
  scripts: 'Images',
  search: 'Images',
  registries: 'Registries',
  arrivals: 'Registries',
  gate: 'Registries',
  hooks: 'Registries',
  quarantine: 'Registries',
  actions: 'Registries',
  policies: 'Policies',
  exceptions: 'Policies',
  decisions: 'Policies',
  engines: 'Engines and nodes',
  nodes: 'Engines and nodes',
  events: 'Server',
  notifications: 'Server',
  audit: 'Server',
  system: 'Server',
};

/** Derived commands that are replaced by a better custom command. */
const hidden = new Set(['engines update', 'nodes update']);

export const commandList: readonly CommandSpec[] = inOrder([
  ...jobCommands,
  ...inspectCommands,
  ...imageCommands,
  ...scriptCommands,
  ...registryCommands,
  ...policyCommands,
  ...engineCommands,
  ...accessCommands,
  ...serverCommands,
]);

/** The tree of all commands. */
export const commandTree: CommandTree = { commands: commandList, groups, aliases };

/** Custom commands replace derived ones with the same words. */
function inOrder(customCommands: readonly CommandSpec[]): readonly CommandSpec[] {
  const taken = new Set(customCommands.map(({ words }) => words));
  const derived = (derivedCommands as readonly DerivedCommand[])
    .filter(({ words }) => !taken.has(words))
    .map(toSpec);
  return commandGroups.flatMap((group) => {
    const members = [...customCommands, ...derived].filter((spec) => spec.group === group);
    const nouns = [...new Set(members.map(({ words }) => words.split(' ')[0]))];
    return nouns.flatMap((noun) =>
      members
        .filter(({ words }) => words.split(' ')[0] === noun)
        .toSorted((a, b) => rankOf(a) - rankOf(b)),
    );
  });
}

function toSpec({ operation, ...command }: DerivedCommand): CommandSpec {
  return {
    ...command,
    group: groupOfNoun[operation.split('.')[0] ?? ''] ?? 'Access',
    hidden: hidden.has(command.words),
    load: async () => (await import('./run-operation.ts')).commandOf(operation),
  };
}

/** Reading commands first, then changing ones, and removing ones last. */
function rankOf({ words }: CommandSpec): number {
  const verbs = ['list', 'show', 'add', 'validate', 'import', 'update', 'enable', 'disable'];
  const last = ['rollback', 'remove', 'revoke'];
  const verb = words.split(' ')[1] ?? '';
  if (last.includes(verb)) return verbs.length + 1 + last.indexOf(verb);
  return verbs.includes(verb) ? verbs.indexOf(verb) : verbs.length;
}
