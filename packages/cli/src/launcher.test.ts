/** The launchers: any Node from 20 on, links, clean pipes. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = join(root, 'bin', 'lazaret');
const module = join(root, 'packages', 'cli', 'bin', 'lazaret.mjs');
const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8')) as {
  version: string;
};

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-launcher-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Every Node on the PATH, and the one that started the tests. */
function installedNodes(): readonly string[] {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [
    process.execPath,
    process.env['npm_node_execpath'],
    ...directories.map((directory) => join(directory, 'node')),
  ];
  return [...new Set(candidates.filter((path) => path !== undefined))];
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: home });

test('runs under every Node that is installed', async () => {
  let tried = 0;
  for (const node of installedNodes()) {
    const found = await run(node, ['--version']).catch(() => undefined);
    if (found === undefined) continue;
    const { stdout, stderr } = await run(node, [module, '--version'], { env: environment() });
    expect([node, stdout, stderr]).toEqual([node, `${version}\n`, '']);
    tried += 1;
  }
  expect(tried).toBeGreaterThan(0);
});

test('uses nothing that Node 20 lacks before it hands over', async () => {
  const text = await readFile(module, 'utf8');
  // a named import that does not exist is a syntax error before the first line runs
  expect(text).not.toMatch(/import \{[^}]*enableCompileCache/);
  expect(text).not.toMatch(/^import .*\.(ts|json)'/m);
});

test('runs through links, whatever the working directory is', async () => {
  await mkdir(join(home, 'bin'), { recursive: true });
  await symlink(script, join(home, 'bin', 'first'));
  await symlink('first', join(home, 'bin', 'lazaret'));
  const { stdout } = await run(join(home, 'bin', 'lazaret'), ['--version'], {
    cwd: home,
    env: environment(),
  });
  expect(stdout).toBe(`${version}\n`);
});

test('passes arguments and the exit code on unchanged', async () => {
  const failure = await run(script, ['jobs', 'list', '--limit', 'a b "c"'], {
    env: environment(),
  }).then(
    () => undefined,
    (error: unknown) => error as { code: number; stderr: string; stdout: string },
  );
  expect(failure?.code).toBe(2);
  expect(failure?.stderr).toContain(String.raw`a b \"c\"`);
  expect(failure?.stdout).toBe('');
});

test('says what to do in a clone that is not installed', async () => {
  const clone = join(home, 'clone');
  await mkdir(join(clone, 'packages', 'cli'), { recursive: true });
  await cp(join(root, 'bin'), join(clone, 'bin'), { recursive: true });
  const failure = await run(join(clone, 'bin', 'lazaret'), ['--version']).catch(
    (error: unknown) => error as { code: number; stderr: string },
  );
  expect(failure).toMatchObject({ code: 1 });
  expect(failure.stderr).toContain('npm start');
  expect(failure.stderr).toContain(clone);
});

test('finds the server of its clone from any directory', async () => {
  const clone = join(home, 'started');
  await mkdir(join(clone, 'node_modules'), { recursive: true });
  await cp(join(root, 'bin'), join(clone, 'bin'), { recursive: true });
  await cp(join(root, 'packages', 'cli'), join(clone, 'packages', 'cli'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  await cp(join(root, 'package.json'), join(clone, 'package.json'));
  for (const name of ['node', '@lazaret', 'commander', 'yaml']) {
    await symlink(join(root, 'node_modules', name), join(clone, 'node_modules', name));
  }
  await mkdir(join(clone, 'data'));
  const local = { url: 'http://127.0.0.1:9', token: 'lz' };
  await writeFile(join(clone, 'data', 'local-token'), JSON.stringify(local), { mode: 0o600 });
  const list = (variables: NodeJS.ProcessEnv): Promise<{ code: number; stderr: string }> =>
    run(join(clone, 'bin', 'lazaret'), ['jobs', 'list'], {
      cwd: tmpdir(),
      env: { ...environment(), ...variables },
    }).then(
      () => ({ code: 0, stderr: '' }),
      (error: unknown) => error as { code: number; stderr: string },
    );
  const found = await list({});
  expect(found.stderr).toContain('http://127.0.0.1:9');
  expect(found.code).toBe(8);
  // a data directory that was configured is the only one
  const elsewhere = await list({ LAZARET_DATA: join(home, 'other') });
  expect(elsewhere.stderr).toContain('no server configured');
});

test.each([
  ['the script', script, []],
  ['the module', process.execPath, [module]],
] as const)('a closed pipe ends %s silently', async (_, program, before) => {
  const child = spawn(program, [...before, '--help'], { env: environment(), stdio: 'pipe' });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, stderr]).toEqual([0, '']);
});
