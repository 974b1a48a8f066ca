/** What the commands are that run a server or look after it, and those of the program itself. */
import type { CommandSpec } from '../command.ts';

const rest = { name: 'arguments', required: false, variadic: true, summary: 'Its own options' };

export const serverCommands: readonly CommandSpec[] = [
  {
    words: 'up',
    group: 'Server',
    summary: 'Start everything on this machine and show how to sign in',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./server.ts')).runUp,
  },
  {
    words: 'serve',
    group: 'Server',
    summary: 'Run a server in the foreground',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./server.ts')).runServe,
  },
  {
    words: 'config check',
    group: 'Server',
    summary: 'Check the configuration of a server on this machine',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./server.ts')).runConfigCheck,
  },
  {
    words: 'config print',
    group: 'Server',
    summary: 'Print the configuration in force, with secrets masked',
    arguments: [rest],
    flags: [],
    raw: true,
    load: async () => (await import('./server.ts')).runConfigPrint,
  },
  {
    words: 'audit verify',
    group: 'Server',
    summary: 'Verify the hash chain of the audit log',
    details: 'With a file no server is needed. The exit code is 1 when the chain is broken.',
    arguments: [
      { name: 'file', required: false, summary: 'An exported log, or -', completes: 'file' },
    ],
    flags: [
      {
        name: 'head',
        value: 'hash',
        summary: 'A head that was kept earlier; the log must contain it',
      },
    ],
    examples: ['lazaret audit verify', 'lazaret audit verify audit.ndjson --head HASH'],
    load: async () => (await import('./audit.ts')).runVerify,
  },
  {
    words: 'audit export',
    group: 'Server',
    summary: 'Export the whole audit log, one JSON object a line',
    arguments: [],
    flags: [
      {
        name: 'output',
        short: 'o',
        value: 'file',
        summary: 'File to write to, or - for standard output (-)',
        completes: 'file',
      },
    ],
    ownOutput: true,
    examples: ['lazaret audit export -o audit.ndjson'],
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
    summary: 'What may follow the given words, for completion scripts',
    arguments: [{ name: 'words', required: false, variadic: true, summary: 'Words so far' }],
    flags: [],
    hidden: true,
    raw: true,
    load: async () => (await import('./completion.ts')).runComplete,
  },
];
