/** What the commands on signing in, users and contexts are, beyond the operations' rows. */
import type { ArgumentSpec, CommandSpec, FlagSpec } from '../command.ts';

const group = 'Access';
const passwordStdin: FlagSpec = {
  name: 'password-stdin',
  summary: 'Take the password from the first line of standard input',
};
const contextArgument: ArgumentSpec = {
  name: 'name',
  required: false,
  summary: 'Name of the context (the present one)',
  completes: 'context',
};

export const accessCommands: readonly CommandSpec[] = [
  {
    words: 'login',
    group,
    summary: 'Sign in to a server',
    details:
      'Asks for name and password, and keeps an API token named after this machine. With --link ' +
      'a one-time link is used up: it asks for a new password instead.',
    arguments: [
      { name: 'url', required: false, summary: 'Address of the server (the one on this machine)' },
    ],
    flags: [
      { name: 'user', short: 'u', value: 'name', summary: 'Sign in as this user' },
      passwordStdin,
      { name: 'token-stdin', summary: 'Take an API token from standard input, and no password' },
      { name: 'link', value: 'link', summary: 'One-time link, as the server prints it' },
      { name: 'name', value: 'name', summary: 'Name of the context (host and port)' },
      { name: 'days', value: 'number', summary: 'Days until the token expires (90)' },
    ],
    examples: [
      'lazaret login https://lazaret.example.org',
      'lazaret login https://lazaret.example.org --token-stdin < token',
      "lazaret login --link 'http://127.0.0.1:8100/setup#...'",
    ],
    load: async () => (await import('./login.ts')).run,
  },
  {
    words: 'logout',
    group,
    summary: 'Sign out: revoke the token and forget it',
    arguments: [contextArgument],
    flags: [],
    load: async () => (await import('./logout.ts')).run,
  },
  {
    words: 'context list',
    group,
    summary: 'List the servers that you are signed in to',
    arguments: [],
    flags: [],
    load: async () => (await import('./context.ts')).runList,
  },
  {
    words: 'context use',
    group,
    summary: 'Choose the server that commands go to',
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
      'Asks for a password twice. With --link the user gets a one-time link to set one; the ' +
      'link goes to standard output.',
    arguments: [{ name: 'name', required: true, summary: 'Name to sign in with' }],
    flags: [
      { name: 'display-name', value: 'text', summary: 'The name shown to people' },
      {
        name: 'role',
        value: 'role[@project]',
        repeatable: true,
        summary: 'Role in all projects, or in one: `operator`, `submitter@lab`; repeatable',
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
    summary: 'Set a password: your own, or as an administrator that of another',
    arguments: [{ name: 'name', required: false, summary: 'Whose (your own)' }],
    flags: [passwordStdin],
    load: async () => (await import('./users.ts')).runPassword,
  },
];
