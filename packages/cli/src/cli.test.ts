/** The real program against a real server with real containers: journey J1 and around it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../../../test/support/instance.ts';
import { runInside, type RunResult } from './testing/run-program.ts';
import {
  startOnTerminal,
  startProgram,
  type Finished,
  type SpawnOptions,
} from './testing/spawn-program.ts';

// each test starts many processes and containers on a machine that may be busy
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let instance: Instance;
let home = '';
/** Without sign-in: the user of the server is identified by the data directory. */
let owner: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-cli-'));
  instance = await startInstance({ engines: [engineFolders.strings, engineFolders.hostile] });
  owner = { LAZARET_DATA: instance.dataDirectory };
});
afterAll(async () => {
  await instance?.close();
  await rm(home, { recursive: true, force: true });
});

function lazaret(argv: readonly string[], options: Partial<SpawnOptions> = {}): Promise<Finished> {
  return startProgram(argv, { home, variables: owner, ...options }).finished;
}

/** The same in this process, if that makes no difference. */
function inside(argv: readonly string[], options: Partial<SpawnOptions> = {}): Promise<RunResult> {
  return runInside(argv, { home, variables: owner, ...options });
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(home, name);
  await writeFile(path, content);
  return path;
}

/** Submits an attack of the hostile engine and returns the id of the job. */
async function attack(line: string, ...flags: string[]): Promise<Finished & { id: string }> {
  const name = `attack-${line.replaceAll(' ', '-')}`;
  const done = await lazaret(['submit', 'hostile', await file(name, `${line}\n`), ...flags]);
  return { ...done, id: done.stdout.trim() };
}

test('the server of this machine is found from its working directory, without signing in', async () => {
  const directory = join(home, 'station');
  await mkdir(directory);
  await mkdir(join(directory, 'data'));
  const token = await readFile(join(instance.dataDirectory, 'local-token'), 'utf8');
  await writeFile(join(directory, 'data', 'local-token'), token, { mode: 0o600 });
  const { exitCode, stdout } = await lazaret(['status'], { variables: {}, directory });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Lazaret');
});

test('submits a file, exits with the code of its outcome and downloads the result', async () => {
  const sample = await file('sample.bin', 'first string\0second string\0');
  const { exitCode, stdout, stderr } = await lazaret(['submit', 'strings', sample, '--wait']);
  expect(exitCode).toBe(0);
  const id = stdout.trim();
  expect(stderr).toContain(`${id}  succeeded in `);
  expect(stderr).toContain(`${instance.url}/console/jobs/${id}`);
  const result = await lazaret(['result', id]);
  expect(JSON.parse(result.stdout)).toMatchObject({ sizeBytes: 27 });
  const out = join(home, 'out.json');
  expect((await lazaret(['result', id, '-O', out])).exitCode).toBe(0);
  expect(await readFile(out, 'utf8')).toBe(result.stdout);
  const page = await lazaret(['job', id]);
  expect(page.stdout).toMatch(/State: +succeeded/);
  expect(page.stdout).toContain('sample.bin');
  const json = await lazaret(['job', id, '-o', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ id, state: 'succeeded', engine: 'strings' });
});

test('reads standard input and writes the result to standard output', async () => {
  const argv = ['submit', 'strings', '-', '--name', 'piped', '--result', '-'];
  const { exitCode, stdout } = await lazaret(argv, { stdin: 'some readable text' });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ sizeBytes: 18 });
  const jobs = await lazaret(['jobs', '--text', 'piped', '-q']);
  expect(jobs.stdout.trim()).toHaveLength(16);
});

test('a file of several megabytes is uploaded completely', async () => {
  const content = Buffer.alloc(48 * 2 ** 20, 'lazaret ');
  const sample = await file('large.bin', content);
  const { exitCode, stdout } = await lazaret(['submit', 'strings', sample, '--wait', '-o', 'json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ inputs: [{ sizeBytes: content.length }] });
});

test('failed, timed out and cancelled jobs have different exit codes', async () => {
  expect((await attack('exit 7', '--wait')).exitCode).toBe(3);
  expect((await attack('sleep-forever', '--wait', '--time-limit', '1s')).exitCode).toBe(4);
  const { id } = await attack('sleep-forever');
  expect((await lazaret(['cancel', id])).exitCode).toBe(0);
  expect((await lazaret(['job', id, '--wait', '-q'])).exitCode).toBe(5);
});

test('one file goes to several engines; the exit code is that of the job that failed', async () => {
  const sample = await file('for-two', 'exit 7\n');
  const both = ['submit', 'strings,hostile', sample];
  const parameters = ['-p', 'strings:minimumLength=4'];
  const done = await lazaret([...both, ...parameters, '--wait', '-o', 'json']);
  expect(done.exitCode).toBe(3);
  expect(JSON.parse(done.stdout)).toMatchObject([
    { engine: 'strings', state: 'succeeded', parameters: { minimumLength: 4 } },
    { engine: 'hostile', state: 'failed' },
  ]);
  expect(done.stderr).toMatch(/ {2}strings {2}succeeded in /);
  expect(done.stderr).toMatch(/ {2}hostile {2}failed in /);
  const refused = await inside([...both, '-p', 'minimumLength=4']);
  expect(refused.exitCode).toBe(2);
  expect(refused.stdout.trim()).toHaveLength(16);
  expect(refused.stderr).toMatch(/^not submitted to hostile: for-two\nerror: .*invalid_parameters/);
  const misspelled = await inside(['submit', 'strings,hostyle', sample, '--tag', 'misspelled']);
  expect(misspelled.exitCode).toBe(7);
  expect((await inside(['jobs', '--tag', 'misspelled', '-q'])).stdout).toBe('');
});

test('a terminal shows state changes, the log as it grows and the outcome', async () => {
  const path = await file('slow', 'slow-log 8\n');
  const argv = ['submit', 'hostile', path, '--follow', '--no-color'];
  const { exitCode, stdout } = await startOnTerminal(argv, { home, variables: owner }).finished;
  expect(exitCode).toBe(0);
  const running = stdout.indexOf('running on local');
  expect(running).toBeGreaterThan(0);
  expect(stdout.indexOf('line 1')).toBeGreaterThan(running);
  expect(stdout.indexOf('line 8')).toBeGreaterThan(stdout.indexOf('line 1'));
  expect(stdout).toMatch(/succeeded in \d/);
});

test('output of a sample is escaped on the terminal', async () => {
  const { id } = await attack('markup', '--wait');
  const raw = (await lazaret(['logs', id])).stdout;
  expect(raw).toContain('\u001B[2J');
  expect(raw).toContain('\u202E');
  const variables = { ...owner, NO_COLOR: '1' };
  for (const argv of [
    ['logs', id],
    ['logs', '-f', id],
    ['job', id],
  ]) {
    const { stdout, exitCode } = await startOnTerminal(argv, { home, variables }).finished;
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/[\u001B\u0007\u009B\u202E\u2066]/);
  }
  const result = await startOnTerminal(['result', id], { home, variables }).finished;
  expect(result.stdout).not.toContain('\u001B');
  const all = await lazaret(['result', id, '--all', '-O', join(home, 'markup')]);
  expect(all.exitCode).toBe(0);
  expect(all.stdout).not.toContain('\u001B');
});

test('a repeated submission with the same idempotency key is one job', async () => {
  const sample = await file('once', 'once');
  const argv = ['submit', 'strings', sample, '--idempotency-key', 'cli-test'];
  const [first, second] = [await inside(argv), await inside(argv)];
  expect(first.exitCode).toBe(0);
  expect(second.stdout).toBe(first.stdout);
});

test('a rerun is a new job that refers to the old one', async () => {
  const { id } = await attack('ok', '--wait');
  const rerun = await inside(['rerun', id, '--wait']);
  expect(rerun.exitCode).toBe(0);
  expect((await inside(['job', rerun.stdout.trim()])).stdout).toMatch(
    new RegExp(`Rerun of: +${id}`),
  );
});

test('filters find jobs by tag and state', async () => {
  const { id } = await attack('exit 3', '--wait', '--tag', 'filtered');
  const found = await inside([
    'jobs',
    '--tag',
    'filtered',
    '--state',
    'failed,queued',
    '-o',
    'json',
  ]);
  expect(JSON.parse(found.stdout)).toMatchObject([{ id, outcome: { code: 'exit_code' } }]);
  expect((await inside(['jobs', '--tag', 'filtered', '--state', 'queued', '-q'])).stdout).toBe('');
});

test('errors of the server are printed with a hint', async () => {
  const refused = async (...argv: string[]): Promise<[number | null, string]> => {
    const { exitCode, stderr } = await inside(argv);
    return [exitCode, stderr];
  };
  expect(await refused('job', '0'.repeat(16))).toEqual([7, expect.stringContaining('(not_found)')]);
  const large = await file('large', Buffer.alloc(2 * 2 ** 20));
  expect(await refused('submit', 'hostile', large)).toEqual([
    1,
    expect.stringContaining('1048576'),
  ]);
  const engine = await refused('submit', 'absent-engine', large);
  expect(engine).toEqual([7, expect.stringContaining('hint:')]);
  const parameters = await refused('submit', 'strings', large, '-p', 'nonsense=1');
  expect(parameters).toEqual([2, expect.stringContaining('(invalid_parameters)')]);
  await inside(['engines', 'disable', 'strings']);
  const disabled = await refused('submit', 'strings', large);
  expect(disabled).toEqual([1, expect.stringContaining('lazaret engines enable')]);
  expect((await inside(['engines', 'enable', 'strings'])).stdout).toBe('strings\n');
});

test('the first administrator, users with fewer rights, tokens, and signing out', async () => {
  const variables = { XDG_CONFIG_HOME: join(home, 'signed-in') };
  const asRoot = { variables };
  const argv = ['login', '--link', instance.setupLink, '--user', 'root1', '--password-stdin'];
  const login = await inside(argv, { variables, stdin: 'correct horse battery\n' });
  expect(login.stderr).toContain('as root1');
  const add = ['users', 'add', 'bob', '--role', 'viewer@default', '--password-stdin', '-q'];
  expect((await inside(add, { variables, stdin: 'another long secret\n' })).stdout).toBe('bob\n');

  const bob = { XDG_CONFIG_HOME: join(home, 'as-bob') };
  const asBob = ['login', instance.url, '--user', 'bob', '--password-stdin'];
  expect((await inside(asBob, { variables: bob, stdin: 'wrong password\n' })).exitCode).toBe(6);
  await inside(asBob, { variables: bob, stdin: 'another long secret\n' });
  expect((await inside(['jobs'], { variables: bob })).exitCode).toBe(0);
  const refused = await inside(['submit', 'strings', '-'], { variables: bob, stdin: 'x' });
  expect(refused.exitCode).toBe(6);
  expect(refused.stderr).toContain('submitter');

  const made = await inside(['tokens', 'add', 'ci', '--permission', 'jobs.read'], asRoot);
  const token = { LAZARET_SERVER: instance.url, LAZARET_TOKEN: made.stdout.trim() };
  expect((await inside(['jobs'], { variables: token })).exitCode).toBe(0);
  expect((await inside(['users'], { variables: token })).exitCode).toBe(6);

  expect((await inside(['logout'], { variables: bob })).exitCode).toBe(0);
  expect((await inside(['jobs'], { variables: bob })).exitCode).toBe(8);
  expect((await inside(['users', 'remove', 'bob', '--yes'], asRoot)).stdout).toBe('bob\n');
});

test('the setup link is printed again, and afterwards a link for an administrator', async () => {
  const link = await lazaret(['admin', 'link', '-o', 'json']);
  const made = JSON.parse(link.stdout) as { url: string; user: string | null };
  // the tests before have created the administrator
  expect(made.user).not.toBeNull();
  expect(made.url).toMatch(/\/console\/setup#link=lzl_/);
  expect((await lazaret(['admin', 'link', made.user ?? ''])).stdout).toMatch(/#link=lzl_/);
  const unknown = await lazaret(['admin', 'link', 'nobody']);
  expect(unknown.exitCode).toBe(7);
  const elsewhere = await lazaret(['admin', 'link'], { variables: {} });
  expect(elsewhere.exitCode).toBe(8);
  expect(elsewhere.stderr).toContain('npm start');
});

test('the audit log is exported and verified without the server', async () => {
  const path = join(home, 'audit.ndjson');
  expect((await inside(['audit', 'verify'])).stdout).toMatch(/^intact/);
  expect((await inside(['audit', 'export', '-O', path])).exitCode).toBe(0);
  const offline = { variables: {} };
  expect((await inside(['audit', 'verify', path], offline)).stdout).toMatch(/^intact/);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"system.started"', '"system.stopped"'));
  expect((await inside(['audit', 'verify', path], offline)).exitCode).toBe(1);
});

test('engines are validated, added and rolled back from manifests', async () => {
  const manifest = await readFile(join(engineFolders.strings, 'manifest.yaml'), 'utf8');
  const own = await file('own.yaml', manifest.replace(/^name: .*$/m, 'name: own-strings'));
  expect((await inside(['engines', 'validate', own])).exitCode).toBe(0);
  expect((await inside(['engines', 'add', own])).stdout).toBe('own-strings\n');
  await writeFile(own, (await readFile(own, 'utf8')).replace(/^version: .*$/m, 'version: "2"'));
  expect((await inside(['engines', 'add', own])).stderr).toContain('revision 2');
  const rolled = await inside(['engines', 'rollback', 'own-strings', '-o', 'json']);
  expect(JSON.parse(rolled.stdout)).toMatchObject({ version: '1' });
  await writeFile(own, `${await readFile(own, 'utf8')}\npriority: 3\n`);
  const bad = await inside(['engines', 'add', own]);
  expect(bad.exitCode).toBe(1);
  expect(bad.stderr).toContain('priority');
  const engines = await inside(['engines', '-q']);
  expect(engines.stdout.trim().split('\n').toSorted()).toEqual([
    'hostile',
    'own-strings',
    'strings',
  ]);
  const done = await inside(['submit', 'own-strings', '-', '--wait'], { stdin: 'text' });
  expect(done.exitCode).toBe(0);
  expect((await inside(['engines', 'remove', 'own-strings', '--yes'])).exitCode).toBe(0);
});

test('events stream until the program is stopped', async () => {
  const program = startProgram(['events', '--type', 'job.finished', '-o', 'json'], {
    home,
    variables: owner,
  });
  // events before the stream is open are not shown, so jobs are submitted until one is
  let id = '';
  for (let turn = 0; turn < 10 && id === ''; turn += 1) {
    const done = await attack(`exit ${turn}`, '--wait');
    const seen = await Promise.race([
      program.shown(done.id).then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 1_000)),
    ]);
    if (seen) id = done.id;
  }
  program.child.kill('SIGTERM');
  const { stdout } = await program.finished;
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { subject: string });
  expect(events.map(({ subject }) => subject)).toContain(id);
});

test('--wait continues after a restart of the server', async () => {
  const path = await file('across', 'slow-log 25\n');
  const server = new URL(instance.url);
  const program = startOnTerminal(['submit', 'hostile', path, '--wait', '--no-color'], {
    home,
    variables: { ...owner, LAZARET_SERVER: instance.url },
  });
  await program.shown('running on local');
  await instance.kill();
  await program.shown('retrying');
  instance = await startInstance({
    dataDirectory: instance.dataDirectory,
    arguments: ['--listen', server.host],
  });
  const { exitCode, stdout } = await program.finished;
  expect(stdout).toMatch(/succeeded in \d/);
  expect(exitCode).toBe(0);
});

test('the configuration is checked and printed without a server', async () => {
  const offline = { variables: {} };
  expect((await inside(['config', 'check'], offline)).exitCode).toBe(0);
  const printed = await inside(['config', 'print', '-o', 'json'], offline);
  expect(JSON.parse(printed.stdout)).toContainEqual(expect.objectContaining({ key: 'listen' }));
  expect((await inside(['config', 'check', '--lisen', 'x'], offline)).exitCode).not.toBe(0);
});
