import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Problem } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDirectory } from './data-directory.ts';

const program = `
  const { openDataDirectory } = await import(process.argv[1]);
  try {
    await openDataDirectory(process.argv[2], { describe: () => ({ address: 'http://here:1' }) });
    console.log('open');
    setInterval(() => {}, 1000);
  } catch (problem) {
    console.log(problem.code, problem.message);
  }
`;
const module = new URL('data-directory.ts', import.meta.url).href;
const nobody = { describe: () => ({}) };
let root: string;
let children: ChildProcess[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lazaret-directory-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) await kill(child);
  await rm(root, { recursive: true, force: true });
});

async function start(path: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, module, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const said of createInterface({ input: child.stdout })) return { child, said };
  throw new Error('the process printed nothing');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function refusal(path: string): Promise<Problem> {
  const error: unknown = await openDataDirectory(path, nobody).catch((caught: unknown) => caught);
  if (error instanceof Problem) return error;
  throw new Error('expected a refusal');
}

test('creates a missing directory with access for its own user only', async () => {
  const path = join(root, 'a', 'b');
  const directory = await openDataDirectory(path, nobody);
  expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
  await directory.release();
});

test('a second start is refused with pid, start time and address of the first', async () => {
  const { child } = await start(root);
  const problem = await refusal(root);
  expect(problem.code).toBe('data_directory_in_use');
  expect(problem.message).toContain(`process ${child.pid} `);
  expect(problem.message).toMatch(/started at \d{4}-\d\d-\d\dT/);
  expect(problem.message).toContain('http://here:1');
});

test('kill -9 releases the lock', async () => {
  const { child } = await start(root);
  await kill(child);
  expect(await readdir(root)).toContain('holder.json');
  const directory = await openDataDirectory(root, nobody);
  await directory.release();
});

test('of many simultaneous starts exactly one wins', async () => {
  const starts = await Promise.all(Array.from({ length: 6 }, () => start(root)));
  const said = starts.map((each) => each.said);
  expect(said.filter((line) => line === 'open')).toHaveLength(1);
  expect(said.filter((line) => line.startsWith('data_directory_in_use'))).toHaveLength(5);
});

test('a recorded holder whose pid was reused is ignored', async () => {
  const holder = { pid: process.ppid, startedAt: '2001-01-01T00:00:00.000Z', host: hostname() };
  await writeFile(join(root, 'holder.json'), JSON.stringify(holder));
  const directory = await openDataDirectory(root, nobody);
  await directory.release();
});

test('works where the path is longer than a socket address', async () => {
  const path = join(root, ...Array.from({ length: 12 }, () => 'a-rather-long-name'));
  const first = await openDataDirectory(path, nobody);
  expect((await refusal(path)).code).toBe('data_directory_in_use');
  await first.release();
});

test('the same process is refused twice, and served again after release', async () => {
  const first = await openDataDirectory(root, nobody);
  expect((await refusal(root)).message).toContain(`process ${process.pid} `);
  await first.release();
  await first.release();
  const second = await openDataDirectory(root, nobody);
  expect((await refusal(root)).code).toBe('data_directory_in_use');
  await second.release();
});

test('a second start reports the latest address', async () => {
  let address: string | undefined;
  const describe = () => (address === undefined ? {} : { address });
  const first = await openDataDirectory(root, { describe });
  expect((await refusal(root)).message).toContain('does not answer yet');
  address = 'http://127.0.0.1:9';
  await first.announce();
  expect((await refusal(root)).message).toContain('http://127.0.0.1:9');
  await first.release();
});

test('a world-writable directory, or a file, is refused', async () => {
  const shared = join(root, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o777);
  expect((await refusal(shared)).code).toBe('data_directory_unusable');
  const file = join(root, 'file');
  await writeFile(file, '');
  expect((await refusal(file)).code).toBe('data_directory_unusable');
});

test('a damaged holder file does not stop the refusal', async () => {
  const first = await openDataDirectory(root, nobody);
  await writeFile(join(root, 'holder.json'), '{"pid":');
  expect((await refusal(root)).message).toContain('another process');
  await first.release();
});
