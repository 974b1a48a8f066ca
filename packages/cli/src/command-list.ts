/** Every command in the order of the help: those of the operation rows, and those made by hand. */
import type { CommandGroup, CommandSpec, DerivedCommand } from './command.ts';
import { accessCommands } from './commands/access-commands.ts';
import { catalogueCommands } from './commands/catalogue-commands.ts';
import { imageCommands } from './commands/image-commands.ts';
import { inspectCommands } from './commands/inspect-commands.ts';
import { jobCommands } from './commands/job-commands.ts';
import { serverCommands } from './commands/server-commands.ts';
import derivedCommands from './derived-commands.json' with { type: 'json' };

export const commandGroups: readonly CommandGroup[] = [
  'Jobs',
  'Images',
  'Engines and nodes',
  'Access',
  'Server',
  'This program',
];

/** What the groups of commands are about. */
export const groupSummaries: Readonly<Record<string, string>> = {
  audit: 'Read, export and verify the audit log',
  config: 'Check and print the configuration of a server',
  context: 'The servers that you are signed in to',
  images: 'Images that the server inspected',
  inspections: 'The tasks in which the server looks into images',
  inspect: 'Look inside an image, an archive or a directory without running anything',
  engines: 'Engines: the analyzers that jobs run',
  nodes: 'Nodes: the places where containers run',
  projects: 'Projects: who sees which jobs',
  tokens: 'API tokens for programs',
  users: 'Users and their roles',
};

/** Other words for groups and verbs, as people know them from docker and kubectl. */
export const wordAliases: Readonly<Record<string, string>> = {
  contexts: 'context',
  create: 'add',
  engine: 'engines',
  ls: 'list',
  node: 'nodes',
  project: 'projects',
  rm: 'remove',
  token: 'tokens',
  user: 'users',
};

/** The place of a derived command, by the noun of its operation. */
const groupOfNoun: Readonly<Record<string, CommandGroup>> = {
  jobs: 'Jobs',
  images: 'Images',
  inspections: 'Images',
  search: 'Images',
  engines: 'Engines and nodes',
  nodes: 'Engines and nodes',
  events: 'Server',
  audit: 'Server',
  system: 'Server',
};

/** Derived commands that a command made by hand says better. */
const hidden = new Set(['engines update', 'nodes update']);

export const commandList: readonly CommandSpec[] = inOrder([
  ...jobCommands,
  ...inspectCommands,
  ...imageCommands,
  ...catalogueCommands,
  ...accessCommands,
  ...serverCommands,
]);

/** Commands made by hand take the place of derived ones of the same words. */
function inOrder(byHand: readonly CommandSpec[]): readonly CommandSpec[] {
  const taken = new Set(byHand.map(({ words }) => words));
  const derived = (derivedCommands as readonly DerivedCommand[])
    .filter(({ words }) => !taken.has(words))
    .map(toSpec);
  return commandGroups.flatMap((group) => {
    const members = [...byHand, ...derived].filter((spec) => spec.group === group);
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
    load: async () => (await import('./operation-command.ts')).runOf(operation),
  };
}

/** Looking comes before changing, and removing last. */
function rankOf({ words }: CommandSpec): number {
  const verbs = ['list', 'show', 'add', 'validate', 'import', 'update', 'enable', 'disable'];
  const last = ['rollback', 'remove', 'revoke'];
  const verb = words.split(' ')[1] ?? '';
  if (last.includes(verb)) return verbs.length + 1 + last.indexOf(verb);
  return verbs.includes(verb) ? verbs.indexOf(verb) : verbs.length;
}
