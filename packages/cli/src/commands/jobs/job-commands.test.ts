/** Commands on jobs with a scripted server, which can misbehave. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatEvent, Problem, type JobDetail } from '@lazaret/protocol';
import { describe, expect, it } from 'vitest';

import { sampleJob } from '../../testing/sample-job.ts';
import type { Handler, ScriptedCall } from '../../testing/scripted-server.ts';
import { useServerHarness } from '../../testing/server-harness.ts';

const id = '0123456789abcdef';
const cli = useServerHarness();

const { run } = cli;

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const takeUpload: Handler = ({ body, query }) => ({
  sha256: sha256(body),
  sizeBytes: body.length,
  name: query.get('name'),
  project: query.get('project') ?? 'default',
  createdAt: '2026-01-01T00:00:00.000Z',
});

function withArtifacts(files: Readonly<Record<string, string>>, primary?: string): JobDetail {
  return sampleJob({
    artifacts: Object.entries(files).map(([path, content]) => ({
      path,
      sha256: sha256(content),
      sizeBytes: content.length,
      attempt: 1,
      primary: path === primary,
    })),
  });
}

function serveFiles(files: Readonly<Record<string, string>>): Handler {
  return ({ query, response }) => {
    response.writeHead(200).end(files[query.get('path') ?? '']);
  };
}

describe('submit', () => {
  it('sends the file and the job, and prints the id', async () => {
    const file = join(cli.home, 'sample.bin');
    await writeFile(file, 'content');
    const handlers = {
      'artifacts.upload': takeUpload,
      'jobs.submit': () => sampleJob({ timeLimitMs: 90_000 }),
    };
    const argv = ['submit', 'strings', file, '--tag', 'x', '-p', 'depth=3', '-p', 'word=a=b'];
    const { exitCode, stdout, stderr } = await run(handlers, [...argv, '--time-limit', '90s']);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: `${id}\n`, stderr: '' });
    const [upload, submit] = cli.server?.calls ?? [];
    expect(upload?.query.get('name')).toBe('sample.bin');
    expect(upload?.headers.authorization).toBe('Bearer secret');
    expect(submit?.headers['idempotency-key']).toMatch(/.{20}/);
    expect(JSON.parse(String(submit?.body))).toEqual({
      engine: 'strings',
      inputs: [{ sha256: sha256('content'), name: 'sample.bin' }],
      tags: ['x'],
      timeLimit: '90s',
      parameters: { depth: 3, word: 'a=b' },
    });
  });

  it('reads standard input, and creates one job per file', async () => {
    await writeFile(join(cli.home, 'a'), 'A');
    let count = 0;
    const handlers = {
      'artifacts.upload': takeUpload,
      'jobs.submit': () => sampleJob({ id: `${'0'.repeat(15)}${(count += 1)}` }),
    };
    const argv = ['submit', 'strings', join(cli.home, 'a'), '-', '--idempotency-key', 'k'];
    const { stdout } = await run(handlers, argv, { stdin: 'piped' });
    expect(stdout).toBe('0000000000000001\n0000000000000002\n');
    const uploads = (cli.server?.calls ?? []).filter(
      ({ operation }) => operation === 'artifacts.upload',
    );
    expect(uploads.map(({ body }) => String(body))).toEqual(['A', 'piped']);
    const keys = (cli.server?.calls ?? []).flatMap(
      ({ headers }) => headers['idempotency-key'] ?? [],
    );
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
  });

  it('creates one job for several files with --together', async () => {
    for (const name of ['a', 'b']) await writeFile(join(cli.home, name), name);
    const handlers = { 'artifacts.upload': takeUpload, 'jobs.submit': () => sampleJob() };
    const files = [join(cli.home, 'a'), join(cli.home, 'b')];
    await run(handlers, ['submit', 'strings', ...files, '--together']);
    const submit = cli.server?.calls.at(-1);
    expect((JSON.parse(String(submit?.body)) as { inputs: unknown[] }).inputs).toHaveLength(2);
  });

  it('retries a submission whose response was lost, with the same key', async () => {
    let count = 0;
    const handlers: Record<string, Handler> = {
      'jobs.submit': ({ response }) => {
        count += 1;
        if (count > 1) return sampleJob();
        response.destroy();
        return undefined;
      },
    };
    const { exitCode, stdout } = await run(handlers, ['submit', 'strings']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${id}\n` });
    const keys = (cli.server?.calls ?? []).map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('detects content that was changed in transit', async () => {
    const handlers = {
      'artifacts.upload': (call: ScriptedCall) => ({
        ...(takeUpload(call) as object),
        sha256: sha256('other'),
      }),
    };
    const { exitCode, stderr } = await run(handlers, ['submit', 'strings', '-'], { stdin: 'x' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('stored with a different SHA-256');
  });

  it('prints the error of the server with fields and a hint', async () => {
    const handlers = {
      'jobs.submit': () => {
        const fields = [{ path: 'timeLimit', message: 'too \u001B[31mlong' }];
        throw new Problem('invalid_request', 'no', { fields });
      },
    };
    const { exitCode, stderr } = await run(handlers, ['submit', 'strings']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('timeLimit (--time-limit): too \\x1b[31mlong');
    expect(stderr).toContain('hint: Correct the listed fields');
  });
});

describe('waiting', () => {
  it.each([
    ['succeeded', 0],
    ['failed', 3],
    ['timed_out', 4],
    ['cancelled', 5],
  ] as const)('ends with the code of a job that is %s', async (state, expected) => {
    const handlers = {
      'jobs.submit': () => sampleJob({ state: 'queued' }),
      'jobs.show': () => sampleJob({ state }),
    };
    const { exitCode, stdout, stderr } = await run(handlers, ['submit', 'strings', '--wait']);
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: `${id}\n` });
    const [outcome, address] = stderr.split('\n');
    expect(outcome).toContain(`${id}  ${state} in `);
    expect(address).toBe(`  ${cli.server?.url}/console/jobs/${id}`);
    const quiet = await run(handlers, ['submit', 'strings', '--wait', '-q']);
    expect(quiet.stderr).toBe('');
  });

  it('shows states and the log on a terminal across a lost connection', async () => {
    let opened = 0;
    const handlers: Record<string, Handler> = {
      'jobs.submit': () => sampleJob({ state: 'queued' }),
      'jobs.show': () =>
        sampleJob({ state: 'failed', outcome: { code: 'exit_code', detail: '7' } }),
      'jobs.follow': ({ response }) => {
        opened += 1;
        const chunk = { attempt: 1, stream: 'stdout', at: '2026-01-01T00:00:00.000Z' };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        if (opened === 1) {
          response.write(formatEvent('job', sampleJob({ state: 'running' }), '1'));
          response.write(formatEvent('log', { ...chunk, text: 'one \u001B[2J' }, '2'));
          setTimeout(() => response.destroy(), 50);
        } else {
          response.write(formatEvent('log', { ...chunk, text: 'two' }, '3'));
          response.end(formatEvent('end', {}));
        }
      },
    };
    const terminal = ['stdout', 'stderr'] as const;
    const { exitCode, stdout, stderr } = await run(
      handlers,
      ['submit', 'strings', '--follow', '--no-color'],
      { terminal },
    );
    expect(exitCode).toBe(3);
    expect(stdout).toBe(String.raw`one \x1b[2Jtwo` + '\n');
    expect(stderr).toContain('running on local');
    expect(stderr).toContain('retrying');
    expect(stderr).toContain('Engine exited with a failure code: 7 (exit_code)');
    const resumed = (cli.server?.calls ?? []).filter(
      ({ operation }) => operation === 'jobs.follow',
    );
    expect(resumed.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2']);
  });

  it('continues while the server restarts', async () => {
    let count = 0;
    const handlers: Record<string, Handler> = {
      'jobs.show': () => {
        count += 1;
        if (count === 1) throw new Problem('unavailable', 'starting');
        return sampleJob();
      },
    };
    const { exitCode, stdout } = await run(handlers, ['job', id, '--wait', '-q']);
    expect({ exitCode, stdout, count }).toEqual({ exitCode: 0, stdout: `${id}\n`, count: 3 });
  });

  it('writes the result when the job succeeded', async () => {
    const files = { 'out.txt': 'the result' };
    const handlers = {
      'artifacts.upload': takeUpload,
      'jobs.submit': () => sampleJob({ state: 'queued' }),
      'jobs.show': () => withArtifacts(files, 'out.txt'),
      'jobs.result': serveFiles(files),
    };
    const argv = ['submit', 'strings', '-', '--result', '-'];
    const { exitCode, stdout } = await run(handlers, argv, { stdin: 'x' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'the result' });
  });
});

describe('result', () => {
  const binary = 'PK\u0003\u0004\u0000\u0000';

  it('is never written to a terminal if it is binary', async () => {
    const files = { 'out.zip': binary };
    const handlers = {
      'jobs.show': () => withArtifacts(files, 'out.zip'),
      'jobs.result': serveFiles(files),
    };
    const refused = await run(handlers, ['result', id], { terminal: ['stdout'] });
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toContain('-O FILE');
    await cli.server?.stop();
    expect((await run(handlers, ['result', id])).stdout).toBe(binary);
  });

  it('is escaped on a terminal if it is text', async () => {
    const files = { 'out.txt': 'a\u001B]0;owned\u0007b' };
    const handlers = {
      'jobs.show': () => withArtifacts(files, 'out.txt'),
      'jobs.result': serveFiles(files),
    };
    const { stdout } = await run(handlers, ['result', id], { terminal: ['stdout'] });
    expect(stdout).toBe(`${String.raw`a\x1b]0;owned\x07b`}\n`);
  });

  it('writes no file if the content has the wrong digest', async () => {
    const handlers = {
      'jobs.show': () => withArtifacts({ 'out.txt': 'good' }, 'out.txt'),
      'jobs.result': serveFiles({ 'out.txt': 'evil' }),
    };
    await writeFile(join(cli.home, 'kept'), 'before');
    const { exitCode, stderr } = await run(handlers, ['result', id, '-O', join(cli.home, 'kept')]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('wrong SHA-256');
    expect(await readFile(join(cli.home, 'kept'), 'utf8')).toBe('before');
    expect(await readdir(cli.home)).toEqual(['kept']);
  });

  it('writes no file if the download is incomplete', async () => {
    const handlers: Record<string, Handler> = {
      'jobs.show': () => withArtifacts({ 'out.txt': 'x'.repeat(100) }, 'out.txt'),
      'jobs.result': ({ response }) => {
        response.writeHead(200, { 'content-length': 100 }).write('xxx');
        setTimeout(() => response.destroy(), 20);
      },
    };
    const { exitCode } = await run(handlers, ['result', id, '-O', join(cli.home, 'out')]);
    expect(exitCode).toBe(8);
    expect(await readdir(cli.home)).toEqual([]);
  });

  it('writes all artifacts below the directory, with escaped names', async () => {
    const files = { 'a/b.txt': '1', 'a/\u001B[2J': '2', './c': '3' };
    const handlers = { 'jobs.show': () => withArtifacts(files), 'jobs.result': serveFiles(files) };
    const to = join(cli.home, 'out');
    const { exitCode, stdout } = await run(handlers, ['result', id, '--all', '-O', to]);
    expect(exitCode).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      join(to, 'a/b.txt'),
      join(to, 'a/%x1b[2J'),
      join(to, 'c'),
    ]);
    expect(await readFile(join(to, 'a/b.txt'), 'utf8')).toBe('1');
  });

  it.each(['../evil', 'a/../../evil', '/../evil', String.raw`..\evil`, '.', ''])(
    'refuses the artifact name %j before anything is written',
    async (path) => {
      const files = { fine: '1', [path]: '2' };
      const handlers = {
        'jobs.show': () => withArtifacts(files),
        'jobs.result': serveFiles(files),
      };
      const { exitCode, stderr } = await run(handlers, [
        'result',
        id,
        '--all',
        '-O',
        join(cli.home, 'o'),
      ]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('leads outside');
      expect(await readdir(cli.home)).toEqual([]);
    },
  );

  it('follows no symbolic link in the directory', async () => {
    const files = { 'link/file': '1' };
    await mkdir(join(cli.home, 'out'));
    await mkdir(join(cli.home, 'elsewhere'));
    await symlink(join(cli.home, 'elsewhere'), join(cli.home, 'out', 'link'));
    const handlers = { 'jobs.show': () => withArtifacts(files), 'jobs.result': serveFiles(files) };
    const { exitCode, stderr } = await run(handlers, [
      'result',
      id,
      '--all',
      '-O',
      join(cli.home, 'out'),
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('exists and is not a directory');
    expect(await readdir(join(cli.home, 'elsewhere'))).toEqual([]);
  });

  it('replaces a link instead of writing through it', async () => {
    const files = { out: 'new' };
    await writeFile(join(cli.home, 'target'), 'old');
    await symlink(join(cli.home, 'target'), join(cli.home, 'link'));
    const handlers = { 'jobs.show': () => withArtifacts(files), 'jobs.result': serveFiles(files) };
    await run(handlers, ['result', id, '-O', join(cli.home, 'link')]);
    expect(await readFile(join(cli.home, 'target'), 'utf8')).toBe('old');
    expect(await readFile(join(cli.home, 'link'), 'utf8')).toBe('new');
  });

  it('reports why a job has none', async () => {
    const outcome = { code: 'no_result', detail: '' } as const;
    const handlers = { 'jobs.show': () => sampleJob({ state: 'failed', outcome }) };
    const { exitCode, stderr } = await run(handlers, ['result', id]);
    expect(exitCode).toBe(7);
    expect(stderr).toContain('No result produced');
  });
});

describe('logs', () => {
  const log: Handler = ({ response }) => {
    response.writeHead(200).end('a\u001B[31mb\u202E\u0000\r\n');
  };

  it('are not changed in a pipe', async () => {
    const { stdout } = await run({ 'jobs.log': log }, ['logs', id, '--attempt', '2']);
    expect(stdout).toBe('a\u001B[31mb\u202E\u0000\r\n');
    expect(cli.server?.calls[0]?.query.get('attempt')).toBe('2');
  });

  it('are escaped on a terminal unless raw', async () => {
    const safe = await run({ 'jobs.log': log }, ['logs', id], { terminal: ['stdout'] });
    expect(safe.stdout).toBe(`${String.raw`a\x1b[31mb\u202e\x00`}\n`);
    await cli.server?.stop();
    const raw = await run({ 'jobs.log': log }, ['logs', id, '--raw'], { terminal: ['stdout'] });
    expect(raw.stdout).toBe('a\u001B[31mb\u202E\u0000\r\n');
  });
});
