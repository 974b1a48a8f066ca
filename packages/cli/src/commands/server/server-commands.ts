/** The commands that run and maintain a server, and those about the program itself. */
import type { CommandSpec } from '../../command/command.ts';

const rest = {
  name: 'arguments',
  required: false,
  variadic: true,
  summary: 'Options of the server',
};

export const serverCommands: readonly CommandSpec[] = [
  {
    words: 'up',
    group: 'Server',
    summary: 'Start everything on this machine and print how to sign in',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./run-server.ts')).runUp,
  },
  {
    words: 'serve',
    group: 'Server',
    summary: 'Run a server in the foreground',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./run-server.ts')).runServe,
  },
  {
    words: 'config check',
    group: 'Server',
    summary: 'Check the configuration of a server on this machine',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./run-server.ts')).runConfigCheck,
  },
  {
    words: 'config print',
    group: 'Server',
    summary: 'Print the effective configuration, with secrets masked',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./run-server.ts')).runConfigPrint,
  },
  {
    words: 'notifications test',
    group: 'Server',
    summary: 'Send a test notification to a target now, and print the answer',
    details:
      'Sends an event of the type `notification.tested` as any other, but does not retry it. A ' +
      'paused target is resumed when the test succeeds. Exits with 1 if it was not delivered.',
    arguments: [{ name: 'name', required: true, summary: 'Name of the target' }],
    flags: [],
    examples: ['lazaret notifications test soc'],
    load: async () => (await import('./test-notification.ts')).runTest,
  },
  {
    words: 'setup scanners',
    group: 'Server',
    summary: 'Set up malware scanners: ClamAV, YARA rules, hash lists',
    details:
      'Uses a clamd that answers on this machine, or installs and starts the one of the ' +
      'distribution. Every scanner is tried before it is written to the configuration file of ' +
      'the data directory. Restart the server afterwards.',
    arguments: [],
    flags: [
      { name: 'clamd', value: 'address', summary: 'Socket or host:port of a clamd' },
      { name: 'no-clamav', summary: 'Do not look for or install ClamAV' },
      {
        name: 'yara-rules',
        value: 'path',
        repeatable: true,
        summary: 'File or directory of YARA rules',
        completes: 'file',
      },
      {
        name: 'deny-list',
        value: 'file',
        repeatable: true,
        summary: 'Hashes of known malicious files',
        completes: 'file',
      },
      {
        name: 'allow-list',
        value: 'file',
        repeatable: true,
        summary: 'Hashes of known good files',
        completes: 'file',
      },
      {
        name: 'data',
        value: 'directory',
        summary: 'Data directory of the server (default ./data)',
        completes: 'directory',
      },
      {
        name: 'config',
        value: 'file',
        summary: 'Configuration file to change (default lazaret.yaml in the data directory)',
        completes: 'file',
      },
      { name: 'yes', short: 'y', summary: 'Install packages without asking' },
    ],
    examples: [
      'lazaret setup scanners',
      'lazaret setup scanners --yara-rules ./rules --deny-list bad-hashes.txt',
    ],
    load: async () => (await import('./setup-scanners.ts')).runSetupScanners,
  },
  {
    words: 'admin link',
    group: 'Server',
    summary: 'Print a one-time link to set up the server on this machine or to sign in again',
    details:
      'Before the first administrator exists, prints the setup link again. Afterwards prints a ' +
      'link with which an administrator, or the given user, sets a password and signs in. The ' +
      'server must be running: start it with `npm start` or `lazaret up`. Uses the token in its ' +
      'data directory, which only its owner can read.',
    arguments: [
      { name: 'user', required: false, summary: 'User name (default: the only administrator)' },
    ],
    flags: [],
    examples: ['lazaret admin link', 'lazaret admin link alice'],
    load: async () => (await import('./admin-link.ts')).runLink,
  },
  {
    words: 'audit verify',
    group: 'Server',
    summary: 'Verify the hash chain of the audit log',
    details: 'With a file no server is needed. Exits with 1 if the chain is broken.',
    arguments: [
      {
        name: 'file',
        required: false,
        summary: 'Exported log, or - for standard input',
        completes: 'file',
      },
    ],
    flags: [
      {
        name: 'head',
        value: 'hash',
        summary: 'Head hash saved earlier, which the log must contain',
      },
    ],
    examples: ['lazaret audit verify', 'lazaret audit verify audit.ndjson --head HASH'],
    load: async () => (await import('./audit.ts')).runVerify,
  },
  {
    words: 'audit export',
    group: 'Server',
    summary: 'Export the audit log as NDJSON or JSON',
    arguments: [],
    flags: [],
    formats: ['ndjson', 'json'],
    outputWasFile: true,
    examples: ['lazaret audit export -O audit.ndjson'],
    load: async () => (await import('./audit.ts')).runExport,
  },
  {
    words: 'completion',
    group: 'This program',
    summary: 'Print the completion script for a shell',
    arguments: [{ name: 'shell', required: true, summary: 'bash, zsh or fish' }],
    flags: [],
    examples: [
      'source <(lazaret completion bash)',
      'lazaret completion zsh > "${fpath[1]}/_lazaret"',
      'lazaret completion fish > ~/.config/fish/completions/lazaret.fish',
    ],
    load: async () => (await import('./completion.ts')).runScript,
  },
  {
    words: '__complete',
    group: 'This program',
    summary: 'Print completions for a partial command line',
    arguments: [
      { name: 'words', required: false, variadic: true, summary: 'Words of the command line' },
    ],
    flags: [],
    hidden: true,
    raw: true,
    load: async () => (await import('./completion.ts')).runComplete,
  },
];
