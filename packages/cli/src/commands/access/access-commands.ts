/** The custom commands on signing in, contexts and users. */
import type { ArgumentSpec, CommandSpec, FlagSpec } from '../../command/command.ts';

const group = 'Access';
const passwordStdin: FlagSpec = {
  name: 'password-stdin',
  summary: 'Read the password from the first line of standard input',
};
const contextArgument: ArgumentSpec = {
  name: 'name',
  required: false,
  summary: 'Name of the context (default: the current one)',
  completes: 'context',
};

export const accessCommands: readonly CommandSpec[] = [
  {
    words: 'login',
    group,
    summary: 'Sign in to a server',
    details:
      'Prompts for name and password, and stores an API token named after this machine. With ' +
      '--link it prompts for a new password instead, and uses up the one-time link.',
    arguments: [
      { name: 'url', required: false, summary: 'URL of the server (default: this machine)' },
    ],
    flags: [
      { name: 'user', short: 'u', value: 'name', summary: 'User name' },
      passwordStdin,
      { name: 'token-stdin', summary: 'Read an API token from standard input instead' },
      { name: 'link', value: 'link', summary: 'One-time link, as printed by the server' },
      { name: 'name', value: 'name', summary: 'Name of the context (default: host and port)' },
      { name: 'days', value: 'number', summary: 'Days until the token expires (default 90)' },
    ],
    examples: [
      'lazaret login https://lazaret.example.org',
      'lazaret login https://lazaret.example.org --token-stdin < token',
      "lazaret login --link 'http://127.0.0.1:8100/console/setup#link=…'",
    ],
    load: async () => (await import('./login.ts')).run,
  },
  {
    words: 'logout',
    group,
    summary: 'Sign out: revoke and delete the stored token',
    arguments: [contextArgument],
    flags: [],
    load: async () => (await import('./logout.ts')).run,
  },
  {
    words: 'context list',
    group,
    summary: 'List contexts: the servers that you are signed in to',
    arguments: [],
    flags: [],
    load: async () => (await import('./context.ts')).runList,
  },
  {
    words: 'context use',
    group,
    summary: 'Set the current context',
    arguments: [{ ...contextArgument, required: true, summary: 'Name of the context' }],
    flags: [],
    examples: ['lazaret context use lazaret.example.org', 'lazaret context use local'],
    load: async () => (await import('./context.ts')).runUse,
  },
  {
    words: 'users add',
    group,
    summary: 'Add a user',
    details:
      'Prompts for a password twice. With --link it prints a one-time link with which the user ' +
      'sets a password.',
    arguments: [{ name: 'name', required: true, summary: 'User name' }],
    flags: [
      { name: 'display-name', value: 'text', summary: 'Display name' },
      {
        name: 'role',
        value: 'role[@project]',
        repeatable: true,
        summary: 'Role in all projects or in one: `operator`, `submitter@lab`; repeatable',
      },
      { name: 'link', summary: 'Print a one-time link instead of setting a password' },
      passwordStdin,
    ],
    examples: [
      'lazaret users add alice --role submitter@lab --role viewer --link',
      'lazaret users add bob --role operator --password-stdin < password',
    ],
    load: async () => (await import('./users.ts')).runAdd,
  },
  {
    words: 'users password',
    group,
    summary: 'Set your password, or as an administrator that of another user',
    arguments: [{ name: 'name', required: false, summary: 'User name (default: yourself)' }],
    flags: [passwordStdin],
    load: async () => (await import('./users.ts')).runPassword,
  },
];
