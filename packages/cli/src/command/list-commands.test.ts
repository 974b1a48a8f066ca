/** Lists, formats, paging, confirmation, the audit log, against a scripted server. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { auditGenesis, hashAuditEntry, Problem, type AuditEntry } from '@lazaret/protocol';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { runInside } from '../testing/run-program.ts';
import { sampleJob } from '../testing/sample-job.ts';
import type { Handler } from '../testing/scripted-server.ts';
import { useServerHarness } from '../testing/server-harness.ts';

const cli = useServerHarness();

const { run } = cli;

const idOf = (index: number): string => String(index).padStart(16, '0');

/** 250 jobs in pages. */
const pagedJobs: Handler = ({ query }) => {
  const from = Number(query.get('cursor') ?? 0);
  const to = Math.min(250, from + Number(query.get('limit')));
  const items = [];
  for (let index = from; index < to; index += 1) {
    items.push(sampleJob({ id: idOf(index), inputs: [] }));
  }
  return { items, next: to < 250 ? String(to) : null };
};

describe('lists', () => {
  it('are tables for people', async () => {
    const job = sampleJob({
      inputs: [{ name: '\u001B[2J.apk', sha256: 'a'.repeat(64), sizeBytes: 1 }],
    });
    const { stdout } = await run({ 'jobs.list': () => ({ items: [job], next: null }) }, ['jobs'], {
      now: Date.parse('2026-01-01T00:05:00Z'),
    });
    const [header, row] = stdout.split('\n');
    expect(header).toMatch(/^ID +ENGINE +STATE +INPUTS +SUBMITTED BY +CREATED +NODE +OUTCOME$/);
    expect(row).toMatch(
      /^0123456789abcdef +strings +succeeded +\\x1b\[2J\.apk +alice +5m ago +local +succeeded$/,
    );
  });

  it('are arrays for programs, in JSON and YAML', async () => {
    const handlers = { 'jobs.list': () => ({ items: [sampleJob()], next: null }) };
    const json = await run(handlers, ['jobs', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual([sampleJob()]);
    const yaml = await run(handlers, ['jobs'], { variables: { LAZARET_OUTPUT: 'yaml' } });
    expect(parse(yaml.stdout)).toEqual([sampleJob()]);
  });

  it('are IDs with --quiet, and other columns with --columns', async () => {
    const handlers = { 'jobs.list': () => ({ items: [sampleJob()], next: null }) };
    expect((await run(handlers, ['jobs', '-q'])).stdout).toBe('0123456789abcdef\n');
    const chosen = await run(handlers, ['jobs', '--columns', 'id,submittedBy']);
    expect(chosen.stdout).toBe('ID                SUBMITTED BY\n0123456789abcdef  alice\n');
  });

  it('pass filters to the server and read pages up to the limit', async () => {
    const argv = ['jobs', '-q', '--state', 'failed,queued', '--state', 'running', '--text', 'x'];
    const some = await run({ 'jobs.list': pagedJobs }, [...argv, '-n', '220']);
    expect(some.stdout.trim().split('\n')).toHaveLength(220);
    expect(cli.server?.calls.map(({ query }) => query.getAll('state'))).toEqual([
      ['failed', 'queued', 'running'],
      ['failed', 'queued', 'running'],
    ]);
    const all = await run({ 'jobs.list': pagedJobs }, ['jobs', '-q', '--all']);
    expect(all.stdout.trim().split('\n')).toHaveLength(250);
  });

  it('note on a terminal that more items exist', async () => {
    const { stderr } = await run({ 'jobs.list': pagedJobs }, ['jobs', '-n', '3'], {
      terminal: ['stderr'],
    });
    expect(stderr).toContain('--all');
  });

  it('name manifests that were rejected', async () => {
    const refused = [{ file: 'bad.yaml', detail: 'name: missing', at: '2026-01-01T00:00:00Z' }];
    const { stderr } = await run({ 'engines.list': () => ({ items: [], next: null, refused }) }, [
      'engines',
    ]);
    expect(stderr).toContain('rejected: bad.yaml: name: missing');
  });
});

describe('actions', () => {
  it('print the names of what they changed', async () => {
    const handlers = { 'engines.remove': () => undefined };
    const { stdout, exitCode } = await run(handlers, ['engines', 'rm', 'one', 'two', '--yes']);
    expect({ stdout, exitCode }).toEqual({ stdout: 'one\ntwo\n', exitCode: 0 });
    expect(cli.server?.calls.map(({ params }) => params['name'])).toEqual(['one', 'two']);
  });

  it('send roles and switches', async () => {
    const handlers = { 'users.update': () => ({ name: 'al' }) };
    await run(handlers, ['user', 'update', 'al', '--role', 'viewer@lab', '--no-disabled', '-q']);
    expect(JSON.parse(String(cli.server?.calls[0]?.body))).toEqual({
      grants: [{ role: 'viewer', project: 'lab' }],
      disabled: false,
    });
  });

  it('print only the new secret on standard output', async () => {
    const token = { id: idOf(1), name: 'ci' };
    const handlers = { 'tokens.create': () => ({ token, secret: 'lz_secret' }) };
    const argv = ['tokens', 'add', 'ci', '--days', '7', '--permission', 'jobs.read,jobs.submit'];
    const { stdout, stderr } = await run(handlers, argv, { terminal: ['stderr'] });
    expect(stdout).toBe('lz_secret\n');
    expect(stderr).toContain('shown only once');
    expect(JSON.parse(String(cli.server?.calls[0]?.body))).toEqual({
      name: 'ci',
      days: 7,
      permissions: ['jobs.read', 'jobs.submit'],
    });
  });

  it('wrap what a server is missing to the terminal, and say what waits for approval', async () => {
    const detail = 'none is configured: images are listed and checked, but not scanned for malware';
    const missing = [{ part: 'malware scanner', detail, advice: `${detail}. Set one up` }];
    const overview = { quarantine: { proposed: 2, quarantined: 1 }, reinspection: { waiting: 4 } };
    const shown = {
      version: '1',
      roles: [],
      startedAt: '2026-01-01T00:00:00Z',
      missing,
      ...overview,
    };
    const argv = ['status', '--no-color'];
    const { stdout } = await run({ 'system.show': () => shown }, argv, { terminal: ['stdout'] });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`malware scanner: ${detail}`);
    expect(stdout).toContain('In quarantine: 1 image\n2 proposed actions wait for approval\n');
    expect(stdout).toContain('lazaret actions approve ID');
    expect(stdout).toContain('Up to 4 images of registries still to be checked');
  });

  it('print the request ID of an internal server error', async () => {
    const handlers = {
      'system.show': () => {
        throw new Problem('internal_error', 'oops', { headers: { 'x-request-id': 'abc123' } });
      },
    };
    const { exitCode, stderr } = await run(handlers, ['status']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('request ID abc123');
  });

  it('have different exit codes for 401, 403, 404 and 429', async () => {
    const codes = { unauthenticated: 6, forbidden: 6, not_found: 7, too_many_requests: 8 } as const;
    for (const [code, expected] of Object.entries(codes)) {
      const handlers = {
        'system.show': () => {
          throw new Problem(code as keyof typeof codes, 'no', { headers: { 'retry-after': '7' } });
        },
      };
      const { exitCode, stderr } = await run(handlers, ['status']);
      expect(exitCode).toBe(expected);
      expect(stderr).toContain(`(${code})`);
    }
  });
});

describe('invalid values', () => {
  it('name the option that is missing, and say what is expected of times and addresses', async () => {
    const missing = await run({}, ['actions', 'reject', '0123456789abcdef']);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('error: missing required option --reason\n');
    const since = await run({}, ['decisions', 'list', '--since', 'yesterday']);
    expect(since.stderr).toContain(
      '--since: expected a duration such as 24h or a time such as 2026-11-30T12:00:00Z, received "yesterday"',
    );
    const url = await run({}, ['registries', 'add', 'lab', 'http://127.0.0.1:5000']);
    expect(url.stderr).toContain('--plain-http');
  });

  it('that the server refuses are named as on the command line, with the hint for this case', async () => {
    const handlers = {
      'quarantine.plan': () => {
        const message = 'expected a reference with a digest';
        const fields = [
          { path: 'body.image', message },
          { path: 'query.project', message: 'unknown' },
        ];
        const hint = 'Run `lazaret registries check lab`.';
        throw new Problem('invalid_request', message, { fields, hint });
      },
    };
    const { stderr } = await run(handlers, ['quarantine', 'plan', 'lab/app:1']);
    expect(stderr).toContain('  IMAGE: expected a reference with a digest\n');
    expect(stderr).toContain('  --project: unknown\n');
    expect(stderr).toContain('hint: Run `lazaret registries check lab`.');
  });

  it('are not durations, nor flags without a value', async () => {
    const handlers = { 'decisions.list': () => ({ items: [], next: null }) };
    await run(handlers, ['decisions', 'list', '--in-force', '--since', '24h']);
    const { query } = cli.server?.calls[0] ?? {};
    expect([query?.get('inForce'), query?.get('since')]).toEqual(['true', '24h']);
  });
});

describe('engines from files', () => {
  const manifest = 'name: demo\nimage: lab/demo:1\ncommand: [run]\n';

  it('are validated without a server, with field paths', async () => {
    const good = join(cli.home, 'good.yaml');
    const bad = join(cli.home, 'bad.yaml');
    await writeFile(good, manifest);
    await writeFile(bad, `${manifest}resources: { memory: lots }\nextra: 1\n`);
    const argv = ['engines', 'validate', '--offline'];
    const valid = await runInside([...argv, good, '-o', 'yaml'], { home: cli.home });
    expect(valid.exitCode).toBe(0);
    expect((parse(valid.stdout) as { timeLimit: number }).timeLimit).toBe(600);
    const invalid = await runInside([...argv, good, bad], { home: cli.home });
    expect(invalid.exitCode).toBe(1);
    expect(invalid.stderr).toContain('resources.memory: expected');
    expect(invalid.stderr).toContain('extra');
  });

  it('are added unchanged from standard input or a directory', async () => {
    const handlers = { 'engines.add': () => ({ name: 'demo', revision: 2, image: null }) };
    const piped = await run(handlers, ['engines', 'add', '-'], { stdin: manifest });
    expect(piped.stdout).toBe('demo\n');
    expect(JSON.parse(String(cli.server?.calls[0]?.body))).toEqual({ manifest: parse(manifest) });
    await writeFile(join(cli.home, 'engine.yaml'), manifest);
    expect((await run(handlers, ['engines', 'add', cli.home])).exitCode).toBe(0);
  });

  it('import the legacy file and list what was rejected', async () => {
    const refused = [{ name: 'b', detail: 'unknown flag --privileged' }];
    const handlers = {
      'engines.import': () => ({ imported: [{ name: 'a', revision: 1 }], refused }),
    };
    const stdin = '{"Engines": [{"name": "a"}, {"name": "b"}]}';
    const { exitCode, stdout } = await run(handlers, ['engines', 'import', '-'], { stdin });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/b +no +unknown flag --privileged/);
  });
});

describe('the audit log', () => {
  async function makeLog(): Promise<AuditEntry[]> {
    const entries: AuditEntry[] = [];
    let previous = auditGenesis;
    for (let number = 1; number <= 3; number += 1) {
      const type = 'session.created' as const;
      const at = '2026-01-01T00:00:00.000Z';
      const entry = {
        number,
        type,
        at,
        project: null,
        subject: 'al',
        actor: 'al',
        data: {},
        previous,
      };
      const hash = await hashAuditEntry(entry);
      entries.push({ ...entry, hash });
      previous = hash;
    }
    return entries;
  }
  const toLines = (entries: readonly unknown[]): string =>
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

  it('is verified without a server', async () => {
    const entries = await makeLog();
    const file = join(cli.home, 'audit.ndjson');
    await writeFile(file, toLines(entries));
    const intact = await runInside(['audit', 'verify', file], { home: cli.home });
    expect(intact).toMatchObject({ exitCode: 0 });
    expect(intact.stdout).toContain(entries[2]?.hash);
    await writeFile(
      file,
      toLines(entries.map((entry) => (entry.number === 2 ? { ...entry, actor: 'eve' } : entry))),
    );
    const changed = await runInside(['audit', 'verify', file, '-o', 'json'], { home: cli.home });
    expect(changed.exitCode).toBe(1);
    expect(JSON.parse(changed.stdout)).toMatchObject({ intact: false, brokenAt: 2 });
  });

  it('is detected as truncated with a head that was saved', async () => {
    const entries = await makeLog();
    const stdin = toLines(entries.slice(0, 2));
    const argv = ['audit', 'verify', '-'];
    expect((await runInside(argv, { home: cli.home, stdin })).exitCode).toBe(0);
    const head = entries[2]?.hash ?? '';
    expect((await runInside([...argv, '--head', head], { home: cli.home, stdin })).exitCode).toBe(
      1,
    );
  });

  it('reports the position of an invalid line', async () => {
    const { exitCode, stdout } = await runInside(['audit', 'verify', '-'], {
      home: cli.home,
      stdin: 'what?\n',
    });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('entry 1 is not an audit entry');
  });

  it('is exported completely or not at all', async () => {
    const lines = toLines(await makeLog());
    const serve: Handler = ({ response }) => void response.writeHead(200).end(lines);
    const file = join(cli.home, 'log');
    expect((await run({ 'audit.export': serve }, ['audit', 'export', '-O', file])).exitCode).toBe(
      0,
    );
    expect(await readFile(file, 'utf8')).toBe(lines);
    const cut: Handler = ({ response }) => {
      response.writeHead(200).write(lines);
      setTimeout(() => response.destroy(), 20);
    };
    const other = join(cli.home, 'other');
    expect((await run({ 'audit.export': cut }, ['audit', 'export', '-O', other])).exitCode).toBe(8);
    expect(await readdir(cli.home)).toEqual(['log']);
  });
});
