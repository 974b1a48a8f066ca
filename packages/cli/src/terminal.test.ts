/** The real program on real terminals and pipes, against a scripted server. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatEvent } from '@lazaret/protocol';
import { describe, expect, it, vi } from 'vitest';

import { readContexts } from './connection/contexts.ts';
import { sampleJob } from './testing/sample-job.ts';
import type { Handler } from './testing/scripted-server.ts';
import { useServerHarness } from './testing/server-harness.ts';
import { startOnTerminal, startProgram, startShell } from './testing/spawn-program.ts';

const id = '0123456789abcdef';
const cli = useServerHarness();

const { serve } = cli;

/** A job that runs until it is cancelled. */
function runningJob(): Readonly<Record<string, Handler>> {
  const moves: ('running' | 'cancelled')[] = ['running'];
  const present = () => sampleJob({ state: moves.at(-1) ?? 'running' });
  return {
    'jobs.show': async () => {
      for (let turn = 0; turn < 50 && moves.length === 1; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return present();
    },
    'jobs.follow': ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(formatEvent('job', present(), '1'));
    },
    'jobs.cancel': () => {
      moves.push('cancelled');
      return present();
    },
  };
}

describe('start', () => {
  it('needs no schemas for the help', async () => {
    // zod sets this when it is loaded, from the sources as from the bundle
    const hook = `process.on('exit', () => {
      if (globalThis.__zod_globalConfig !== undefined) console.log('schemas');
    });`;
    const variables = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
    const help = await startProgram(['jobs', '--help'], { home: cli.home, variables }).finished;
    expect(help.stdout).toContain('Usage: lazaret jobs');
    expect(help.stdout).not.toContain('schemas');
    const call = await startProgram(['jobs'], { home: cli.home, variables }).finished;
    expect(call.stdout).toContain('schemas');
  });

  it('exits silently on EPIPE', async () => {
    const items = Array.from({ length: 200 }, () => sampleJob());
    const variables = await serve({ 'jobs.list': () => ({ items, next: null }) });
    const line = 'set -o pipefail; lazaret jobs -o json | head -n 1';
    const { exitCode, stdout, stderr } = await startShell(line, { home: cli.home, variables })
      .finished;
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '[\n', stderr: '' });
  });
});

describe('Ctrl-C while waiting', () => {
  it('detaches from the job and prints how to continue', async () => {
    const variables = await serve(runningJob());
    const program = startOnTerminal(['job', id, '--wait', '--no-color'], {
      home: cli.home,
      variables,
    });
    await program.shown('running on local');
    program.child.stdin?.write('\u0003');
    const { exitCode, stdout } = await program.finished;
    expect(stdout).toContain(`lazaret job ${id} --wait`);
    expect(exitCode).toBe(130);
    expect(cli.server?.calls.map(({ operation }) => operation)).not.toContain('jobs.cancel');
  });

  it('cancels the job with --cancel-on-interrupt', async () => {
    const variables = await serve(runningJob());
    const argv = ['job', id, '--cancel-on-interrupt', '--no-color'];
    const program = startOnTerminal(argv, { home: cli.home, variables });
    await program.shown('running on local');
    program.child.stdin?.write('\u0003');
    const { exitCode, stdout } = await program.finished;
    expect(stdout).toContain('cancelled');
    expect(exitCode).toBe(5);
    expect(cli.server?.calls.map(({ operation }) => operation)).toContain('jobs.cancel');
  });
});

describe('Ctrl-C while waiting for several jobs', () => {
  const ids = ['a'.repeat(16), 'b'.repeat(16)];

  async function submitTwo(flags: readonly string[]) {
    const cancelled = new Set<string>();
    let made = 0;
    const jobOf = (one: string, engine: string) =>
      sampleJob({ id: one, engine, state: cancelled.has(one) ? 'cancelled' : 'running' });
    const variables = await serve({
      'artifacts.upload': ({ body }) => ({
        sha256: createHash('sha256').update(body).digest('hex'),
      }),
      'jobs.submit': ({ body }) => {
        const { engine } = JSON.parse(String(body)) as { engine: string };
        return jobOf(ids[made++] ?? '', engine);
      },
      'jobs.show': async ({ params: { id: one = '' } }) => {
        if (!cancelled.has(one)) await new Promise((resolve) => setTimeout(resolve, 50));
        return jobOf(one, 'slow');
      },
      'jobs.cancel': ({ params: { id: one = '' } }) => {
        cancelled.add(one);
        return jobOf(one, 'slow');
      },
    });
    const file = join(cli.home, 'f');
    await writeFile(file, 'content');
    const argv = ['submit', 'slow,slow2', file, '-w', '--no-color', ...flags];
    const program = startProgram(argv, { home: cli.home, variables });
    const isWaiting = () => cli.server?.calls.some(({ operation }) => operation === 'jobs.show');
    await vi.waitUntil(isWaiting, { timeout: 20_000 });
    program.child.kill('SIGINT');
    return { ...(await program.finished), cancelled };
  }

  it('cancels all with --cancel-on-interrupt, and ends', async () => {
    const { exitCode, stderr, cancelled } = await submitTwo(['--cancel-on-interrupt']);
    expect([...cancelled].toSorted()).toEqual(ids);
    for (const one of ids) expect(stderr).toMatch(new RegExp(`${one} .*cancelled`));
    expect(exitCode).toBe(130);
  });

  it('prints all jobs as JSON, and names all in the note', async () => {
    const { exitCode, stdout, stderr, cancelled } = await submitTwo(['-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject(ids.map((one) => ({ id: one, state: 'running' })));
    expect(stderr).toContain(`The 2 jobs continue: ${ids.join(' ')}`);
    expect(stderr).toContain(`lazaret cancel ${ids.join(' ')}`);
    expect(cancelled.size).toBe(0);
    expect(exitCode).toBe(130);
  });
});

describe('prompts on a terminal', () => {
  const removableEngine = {
    'engines.list': () => ({ items: [{ name: 'x1' }], next: null, refused: [] }),
    'engines.remove': () => undefined,
  };

  it('read a password without echo', async () => {
    const passwords: unknown[] = [];
    const variables = await serve({
      'setup.show': () => ({ needed: false }),
      'sessions.create': ({ body }) => {
        passwords.push(JSON.parse(String(body)));
        return { name: 'al', csrf: null };
      },
      'sessions.delete': () => undefined,
      'tokens.create': () => ({ token: { id: 'f'.repeat(16) }, secret: 'lz' }),
    });
    const url = variables['LAZARET_SERVER'] ?? '';
    const program = startOnTerminal(['login', url, '--name', 'lab'], { home: cli.home });
    await program.shown('User name at');
    program.child.stdin?.write('alx\u007F\r');
    await program.shown('Password:');
    program.child.stdin?.write('hidden secret\r');
    const { exitCode, stdout } = await program.finished;
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('hidden');
    expect(passwords).toEqual([{ name: 'al', password: 'hidden secret' }]);
    const { list } = await readContexts(join(cli.home, '.config/lazaret'));
    expect(list).toMatchObject([{ name: 'lab', token: 'lz' }]);
  });

  it('change nothing on Ctrl-C or no', async () => {
    const variables = await serve(removableEngine);
    for (const [key, expected] of [
      ['\u0003', 130],
      ['n\r', 2],
    ] as const) {
      const program = startOnTerminal(['engines', 'remove', 'x1'], { home: cli.home, variables });
      await program.shown('[y/N]');
      program.child.stdin?.write(key);
      expect((await program.finished).exitCode).toBe(expected);
    }
    expect(cli.server?.calls.map(({ operation }) => operation)).not.toContain('engines.remove');
  });

  it('proceed on yes', async () => {
    const variables = await serve(removableEngine);
    const program = startOnTerminal(['engines', 'remove', 'x1'], { home: cli.home, variables });
    await program.shown('[y/N]');
    program.child.stdin?.write('y\r');
    expect((await program.finished).exitCode).toBe(0);
    expect(cli.server?.calls.map(({ operation }) => operation)).toContain('engines.remove');
  });
});

describe('progress', () => {
  const upload: Handler = ({ body, query }) => {
    return {
      sha256: createHash('sha256').update(body).digest('hex'),
      sizeBytes: body.length,
      name: query.get('name'),
      project: 'default',
      createdAt: '2026-01-01T00:00:00.000Z',
    };
  };

  it('is shown on terminals only', async () => {
    const handlers = { 'artifacts.upload': upload, 'jobs.submit': () => sampleJob() };
    const variables = await serve(handlers);
    const file = join(cli.home, 'big.bin');
    await writeFile(file, Buffer.alloc(96 * 2 ** 20));
    const argv = ['submit', 'strings', file];
    const shown = await startOnTerminal(argv, { home: cli.home, variables }).finished;
    expect(shown.stdout).toMatch(/big\.bin {2}\[#*-+\] +\d+% {2}/);
    const piped = await startProgram(argv, { home: cli.home, variables }).finished;
    expect(piped).toEqual({ exitCode: 0, stdout: `${id}\n`, stderr: '' });
  });
});

describe('--watch', () => {
  const moving = (): Handler => {
    let count = 0;
    return () => {
      count += 1;
      const state = count === 1 ? 'running' : 'succeeded';
      return { items: [sampleJob({ state, outcome: null })], next: null };
    };
  };

  it('redraws the list on a terminal', async () => {
    const variables = await serve({ 'jobs.list': moving() });
    const program = startOnTerminal(['jobs', '--watch', '--no-color'], {
      home: cli.home,
      variables,
    });
    await program.shown('succeeded');
    program.child.stdin?.write('\u0003');
    const { stdout } = await program.finished;
    const drawn = stdout.split('\u001B[H\u001B[2J').slice(1, 3);
    expect(drawn.map((screen) => /running|succeeded/.exec(screen)?.[0])).toEqual([
      'running',
      'succeeded',
    ]);
    for (const screen of drawn) expect(screen).toMatch(/^ID +ENGINE/);
  });

  it('prints changes through a pipe', async () => {
    const variables = await serve({ 'jobs.list': moving() });
    const program = startProgram(['jobs', '--watch'], { home: cli.home, variables });
    await program.shown('succeeded');
    program.child.kill('SIGTERM');
    const { stdout } = await program.finished;
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ +/)[2]),
    ).toEqual(['STATE', 'running', 'succeeded']);
  });
});

describe('a result', () => {
  it('is written to devices and pipes instead of replacing them', async () => {
    const sha256 = createHash('sha256').update('new').digest('hex');
    const artifacts = [{ path: 'out', sha256, sizeBytes: 3, attempt: 1, primary: true }];
    const variables = await serve({
      'jobs.show': () => sampleJob({ artifacts }),
      'jobs.result': ({ response }) => void response.end('new'),
    });
    const line = `mkfifo pipe; lazaret result ${id} -O pipe 2>&1 & cat pipe; wait; test -p pipe`;
    const { exitCode, stdout } = await startShell(line, { home: cli.home, variables }).finished;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'new' });
  });

  it('is not written to a terminal through a device path', async () => {
    const artifacts = [
      { path: 'o', sha256: 'a'.repeat(64), sizeBytes: 3, attempt: 1, primary: true },
    ];
    const variables = await serve({
      'jobs.show': () => sampleJob({ artifacts }),
      'jobs.result': ({ response }) => void response.end('\u001B[2J'),
    });
    const argv = ['result', id, '-O', '/dev/stdout', '--no-color'];
    const { exitCode, stdout } = await startOnTerminal(argv, { home: cli.home, variables })
      .finished;
    expect(exitCode).toBe(2);
    expect(stdout).toContain('/dev/stdout is a terminal');
    expect(stdout).not.toContain('\u001B');
  });
});

describe('completion in bash', () => {
  it('completes commands, flags and names from the server', async () => {
    const engines = [
      { name: 'apktool', description: 'takes\u001B[2J apart' },
      { name: 'strings', description: 'text' },
    ];
    const variables = await serve({
      'engines.list': () => ({ items: engines, next: null, refused: [] }),
      'jobs.list': () => ({ items: [sampleJob()], next: null }),
    });
    const line = `
      source <(lazaret completion bash)
      try() {
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lazaret; echo "\${COMPREPLY[*]}"
      }
      try lazaret sub
      try lazaret engines val
      try lazaret jobs --sta
      try lazaret submit ap
      try lazaret submit apktool,
      try lazaret logs -f 0`;
    const { stdout } = await startShell(line, { home: cli.home, variables }).finished;
    expect(stdout.split('\n')).toEqual([
      ...['submit', 'validate', '--state', 'apktool', 'apktool,strings', id, ''],
    ]);
  });
});
