import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { problems, type ProblemCode } from '@lazaret/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { commandList, commandTree } from './command/command-list.ts';
import { completeWords } from './command/complete-words.ts';
import { exitCodeOfProblem, exitCodeOfState } from './exit-code.ts';
import { withDefaultCommands } from './program.ts';
import { runInside } from './testing/run-program.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-program-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('help', () => {
  it('fits 80 columns when it is piped, also next to long flags', async () => {
    const { stdout } = await runInside(['inspect', '--help'], { home });
    const options = stdout.slice(0, stdout.indexOf('Examples:')).split('\n');
    expect(Math.max(...options.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('lists the groups of commands with examples', async () => {
    const { exitCode, stdout } = await runInside(['--help'], { home });
    expect(exitCode).toBe(0);
    for (const text of ['Jobs:', 'Access:', 'submit', 'Exit codes:', 'Examples:']) {
      expect(stdout).toContain(text);
    }
    expect(stdout).not.toContain('__complete');
  });

  it.each(commandList.filter((spec) => spec.raw !== true).map(({ words }) => words))(
    'explains %s',
    async (words) => {
      const { exitCode, stdout } = await runInside([...words.split(' '), '--help'], { home });
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Usage: lazaret ${words.split(' ')[0]}`);
    },
  );

  it('describes every group of commands', async () => {
    const { stdout } = await runInside(['--help'], { home });
    const names = commandList.flatMap(({ words, hidden }) =>
      words.includes(' ') && hidden !== true ? [words.split(' ')[0] ?? ''] : [],
    );
    for (const name of new Set(names)) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });

  it('has colours only on terminals, and not with NO_COLOR', async () => {
    const argv = ['--help'];
    const terminal = ['stdout'] as const;
    const escape = '\u001B[';
    expect((await runInside(argv, { home, terminal })).stdout).toContain(escape);
    expect((await runInside(argv, { home })).stdout).not.toContain(escape);
    const plain = [
      await runInside([...argv, '--no-color'], { home, terminal }),
      await runInside(argv, { home, terminal, variables: { NO_COLOR: '1' } }),
      await runInside(argv, { home, terminal, variables: { TERM: 'dumb' } }),
    ];
    for (const { stdout } of plain) expect(stdout).not.toContain(escape);
  });
});

describe('a wrong command line', () => {
  it.each([
    [['enginse'], 'Did you mean `lazaret engines`?'],
    [['engines', 'lits'], 'Did you mean `lazaret engines list`?'],
    [['jobs', '--stat', 'x'], 'Did you mean --state?'],
    [['submit'], "missing required argument 'engine'"],
    [['jobs', 'extra', 'words'], 'unknown command "lazaret jobs extra"'],
    [['jobs', 'list', 'extra'], 'too many arguments'],
    [['nosuch', '--help'], 'unknown command "lazaret nosuch"'],
    [['inspekt', '--help'], 'Did you mean `lazaret inspect`?'],
    [['jobs', '-o', 'xml'], 'table, wide, json, yaml or name'],
    [['jobs', '-o', 'jobs.json'], '-O jobs.json'],
    [['result', '0123456789abcdef', '-o', 'out'], '-O out'],
    [['jobs', '--watch', '-O', 'x'], 'no end'],
    [['job', 'NOT-AN-ID'], 'invalid ID'],
    [['jobs', '--limit', '0'], '--limit: expected a number from 1'],
    [['jobs', '--state', 'lost'], '--state'],
    [['users', 'update', 'al', '--role', 'king'], '--role'],
    [['submit', 'strings', '-', '-'], 'standard input can be read only once'],
    [['submit', 'strings', '/no/such/file'], 'no such file or directory'],
    [['submit', 'strings', '/'], 'is a directory'],
    [['submit', 'jobs', '-'], 'reserved'],
    [['submit', 'strings', '--time-limit', 'soon'], '--time-limit'],
    [['result', '0123456789abcdef', '--all'], 'needs a directory'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
    [['engines', 'remove', 'strings'], 'Add --yes'],
  ])('%j is a usage error with a reason', async (argv, text) => {
    const { exitCode, stdout, stderr } = await runInside(argv, {
      home,
      variables: { LAZARET_SERVER: 'http://127.0.0.1:9' },
    });
    expect(stderr).toContain(text);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
    expect(stderr).not.toMatch(/ at .*\.ts/);
  });

  it('refuses an unknown format in LAZARET_OUTPUT', async () => {
    const { exitCode, stderr } = await runInside(['jobs'], {
      home,
      variables: { LAZARET_OUTPUT: 'xml' },
    });
    expect(stderr).toContain('LAZARET_OUTPUT');
    expect(exitCode).toBe(2);
  });
});

describe('without a server', () => {
  it('prints how to configure one', async () => {
    const { exitCode, stderr } = await runInside(['jobs'], { home });
    expect(exitCode).toBe(8);
    expect(stderr).toContain('lazaret login URL');
    expect(stderr).toContain('lazaret up');
  });

  it('reports that it is unreachable, and why', async () => {
    const { exitCode, stderr } = await runInside(['jobs', '--server', 'http://127.0.0.1:9'], {
      home,
    });
    expect(exitCode).toBe(8);
    expect(stderr).toContain('cannot reach http://127.0.0.1:9');
  });

  it('prints stack traces only with LAZARET_DEBUG', async () => {
    const variables = { LAZARET_DEBUG: '1' };
    const { stderr } = await runInside(['jobs'], { home, variables });
    expect(stderr).toMatch(/connection\.ts/);
  });
});

describe('default commands', () => {
  it.each([
    [['engines'], ['engines', 'list']],
    [
      ['engine', '-o', 'json'],
      ['engine', 'list', '-o', 'json'],
    ],
    [
      ['-q', 'users'],
      ['-q', 'users', 'list'],
    ],
    [
      ['engines', '--help'],
      ['engines', '--help'],
    ],
    [
      ['engines', 'show', 'x'],
      ['engines', 'show', 'x'],
    ],
    [['images'], ['images', 'list']],
    [
      ['inspections', '--limit', '1'],
      ['inspections', 'list', '--limit', '1'],
    ],
    [['jobs'], ['jobs', 'list']],
    [['job'], ['job']],
    [
      ['help', 'engines', 'add'],
      ['engines', 'add', '--help'],
    ],
    [[], ['--help']],
  ])('%j means %j', (given, expected) => {
    expect(withDefaultCommands(given)).toEqual(expected);
  });
});

describe('exit codes', () => {
  it('are different for each final state', () => {
    expect(
      ['succeeded', 'failed', 'timed_out', 'cancelled'].map((state) =>
        exitCodeOfState(state as never),
      ),
    ).toEqual([0, 3, 4, 5]);
  });

  it.each([
    ['unauthenticated', 6],
    ['forbidden', 6],
    ['not_found', 7],
    ['unavailable', 8],
    ['invalid_request', 2],
    ['conflict', 1],
  ] satisfies [ProblemCode, number][])('%s is %i', (code, expected) => {
    expect(exitCodeOfProblem(code, problems[code].status)).toBe(expected);
  });

  it('are not 0 for any problem', () => {
    for (const [code, { status }] of Object.entries(problems)) {
      expect(exitCodeOfProblem(code as ProblemCode, status)).toBeGreaterThan(0);
    }
  });
});

describe('completion', () => {
  const shell = { environment: { configurationDirectory: '/nowhere', dataDirectory: '/nowhere' } };
  const complete = async (...words: string[]): Promise<string[]> => {
    const lines = await completeWords({ shell, tree: commandTree } as never, words);
    return lines.map((line) => line.split('\t')[0] ?? '');
  };

  it('offers commands, sub-commands and flags', async () => {
    expect(await complete('sub')).toEqual(['submit']);
    expect(await complete('engines', 'v')).toEqual(['validate']);
    expect(await complete('engine', 'v')).toEqual(['validate']);
    expect(await complete('jobs', '--st')).toEqual(['--state']);
    expect(await complete('--no')).toEqual(['--no-color']);
    expect(await complete('users', 'update', 'al', '--no-d')).toEqual(['--no-disabled']);
  });

  it('offers choices and files', async () => {
    expect(await complete('jobs', '--state', 'run')).toEqual(['running']);
    expect(await complete('jobs', '-o', '')).toEqual(['table', 'wide', 'json', 'yaml', 'name']);
    expect(await complete('submit', 'strings', '')).toEqual([':file']);
    expect(await complete('completion', 'b')).toEqual(['bash']);
  });

  it('offers nothing when the server is unreachable', async () => {
    expect(await complete('submit', '')).toEqual([]);
  });
});
