/** `lazaret admin link` when no server answers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { runInside } from '../../testing/run-program.ts';

let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-link-'));
});
afterAll(() => rm(home, { recursive: true }));

/** A port of this machine that no process listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a server that was stopped is named, with how to start it', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`;
  const token = JSON.stringify({ url, token: 'x' });
  await writeFile(join(home, 'local-token'), token, { mode: 0o600 });
  const variables = { LAZARET_DATA: home };
  for (const argv of [
    ['admin', 'link'],
    ['jobs', 'list'],
  ]) {
    const { exitCode, stdout, stderr } = await runInside(argv, { home, variables });
    expect({ exitCode, stdout }).toEqual({ exitCode: 8, stdout: '' });
    expect(stderr).toContain(`cannot reach ${url}: connection refused`);
    expect(stderr).toContain('The server of this machine is not running or not ready.');
    expect(stderr).toContain('Start the server with `npm start`');
  }
});

test('without a data directory of a server it is said that one must run', async () => {
  const variables = { LAZARET_DATA: join(home, 'absent') };
  const { exitCode, stderr } = await runInside(['admin', 'link'], { home, variables });
  expect(exitCode).toBe(8);
  expect(stderr).toContain('no server found: a running server makes the link');
  expect(stderr).toContain('npm start');
});

test('a server elsewhere that does not answer is not the one of this machine', async () => {
  const server = `http://127.0.0.1:${await closedPort()}`;
  const { stderr } = await runInside(['admin', 'link', '--server', server], { home });
  expect(stderr).toContain('connection refused');
  expect(stderr).not.toContain('npm start');
});

test('the help says that the server must be running', async () => {
  const { stdout } = await runInside(['admin', 'link', '--help'], { home });
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('The server must be running');
});
