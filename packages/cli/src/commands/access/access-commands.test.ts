/** Signing in and out, contexts, and which token goes where. */
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Problem } from '@lazaret/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readContexts } from '../../connection/contexts.ts';
import { runInside } from '../../testing/run-program.ts';
import {
  startScriptedServer,
  type Handler,
  type ScriptedServer,
} from '../../testing/scripted-server.ts';

let home = '';
let server: ScriptedServer;
const identity = { kind: 'session', name: 'al', csrf: 'proof', grants: [], projects: [] };
const status = {
  ...{
    version: '1',
    roles: [],
    startedAt: '2026-01-01T00:00:00Z',
    missing: [],
    quarantine: null,
    reinspection: null,
  },
};

const signIn: Handler = ({ response, body }) => {
  const { password } = JSON.parse(String(body)) as { password: string };
  if (password !== 'right password') throw new Problem('wrong_credentials', 'no');
  response.setHeader('set-cookie', ['lazaret=abc; HttpOnly; Path=/', 'other=1']);
  return identity;
};
const handlers: Readonly<Record<string, Handler>> = {
  'setup.show': () => ({ needed: false }),
  'setup.complete': signIn,
  'sessions.create': signIn,
  'sessions.show': () => ({ ...identity, kind: 'token', csrf: null }),
  'sessions.delete': () => undefined,
  'tokens.create': () => ({ token: { id: 'f'.repeat(16), name: 'x' }, secret: 'new-secret' }),
  'tokens.revoke': () => undefined,
  'system.show': () => status,
};

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-cli-'));
  server = await startScriptedServer(handlers);
});
afterEach(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

const signInArguments = (): string[] => [
  'login',
  server.url,
  '--user',
  'al',
  '--password-stdin',
  '--name',
  'lab',
];

describe('login', () => {
  it('creates a token with a password and ends the session', async () => {
    const { exitCode, stderr } = await runInside(signInArguments(), {
      home,
      stdin: 'right password\n',
    });
    expect(stderr).toContain('as al');
    expect(exitCode).toBe(0);
    const made = server.calls.find(({ operation }) => operation === 'tokens.create');
    expect(made?.headers.cookie).toBe('lazaret=abc; other=1');
    expect(made?.headers['x-csrf-token']).toBe('proof');
    expect(server.calls.map(({ operation }) => operation).at(-1)).toBe('sessions.delete');
    const { current, list } = await readContexts(join(home, '.config/lazaret'));
    expect(current).toBe('lab');
    expect(list).toMatchObject([{ token: 'new-secret', user: 'al', server: server.url }]);
    await runInside(['status'], { home });
    expect(server.calls.at(-1)?.headers.authorization).toBe('Bearer new-secret');
  });

  it('stores nothing if the password is wrong', async () => {
    const { exitCode, stderr } = await runInside(signInArguments(), { home, stdin: 'wrong\n' });
    expect(exitCode).toBe(6);
    expect(stderr).toContain('Invalid user name or password');
    await expect(stat(join(home, '.config'))).rejects.toThrow('ENOENT');
  });

  it('reads a token from standard input and validates it', async () => {
    const argv = ['login', server.url, '--token-stdin'];
    expect((await runInside(argv, { home, stdin: 'given\n' })).exitCode).toBe(0);
    expect(server.calls.at(-1)?.headers.authorization).toBe('Bearer given');
    const { list } = await readContexts(join(home, '.config/lazaret'));
    expect(list).toMatchObject([{ token: 'given', name: new URL(server.url).host }]);
  });

  it('accepts the complete URL of a link', async () => {
    const links = [
      `${server.url}/setup?link=lnk`,
      `${server.url}/setup#lnk`,
      `${server.url}/setup#link=lnk`,
      `${server.url}/setup/lnk`,
    ];
    for (const link of links) {
      const argv = ['login', '--link', link, '--password-stdin'];
      const { exitCode } = await runInside(argv, { home, stdin: 'right password\n' });
      expect(exitCode).toBe(0);
      const used = server.calls.findLast(({ operation }) => operation === 'setup.complete');
      expect(JSON.parse(String(used?.body))).toMatchObject({ link: 'lnk' });
    }
  });

  it('revokes the token that it replaces, and the last one on logout', async () => {
    const stdin = 'right password\n';
    await runInside(signInArguments(), { home, stdin });
    await runInside(signInArguments(), { home, stdin });
    const revoked = (): number =>
      server.calls.filter(({ operation }) => operation === 'tokens.revoke').length;
    expect(revoked()).toBe(1);
    expect((await runInside(['logout'], { home })).exitCode).toBe(0);
    expect(revoked()).toBe(2);
    expect((await runInside(['status'], { home })).exitCode).toBe(8);
  });

  it('does not prompt without a terminal', async () => {
    const argv = ['login', server.url, '--user', 'al'];
    const { exitCode, stderr } = await runInside(argv, { home });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--password-stdin');
  });
});

describe('which server and which token', () => {
  it('a stored token is only sent to its own server', async () => {
    const other = await startScriptedServer(handlers);
    try {
      await runInside(signInArguments(), { home, stdin: 'right password\n' });
      await runInside(['status', '--server', other.url], { home });
      expect(other.calls.at(-1)?.headers.authorization).toBe(undefined);
      await runInside(['status', '--server', `${server.url}/`], { home });
      expect(server.calls.at(-1)?.headers.authorization).toBe('Bearer new-secret');
    } finally {
      await other.stop();
    }
  });

  it('contexts are listed without tokens and can be selected', async () => {
    await runInside(signInArguments(), { home, stdin: 'right password\n' });
    const { stdout } = await runInside(['contexts'], { home });
    expect(stdout).toMatch(/lab +yes/);
    expect(stdout).not.toContain('new-secret');
    const wrong = await runInside(['context', 'use', 'absent'], { home });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('Contexts: lab');
    expect((await runInside(['status', '--context', 'lab'], { home })).exitCode).toBe(0);
  });

  it('the server on this machine needs no sign-in', async () => {
    const data = join(home, 'data');
    const file = join(data, 'local-token');
    await mkdir(data);
    await writeFile(file, JSON.stringify({ url: server.url, token: 'owner' }), { mode: 0o600 });
    const variables = { LAZARET_DATA: data };
    const { exitCode } = await runInside(['status'], { home, variables });
    expect(exitCode).toBe(0);
    expect(server.calls.at(-1)?.headers.authorization).toBe('Bearer owner');
    // anyone who may write the file could send samples to a server of theirs
    await chmod(file, 0o622);
    expect((await runInside(['status'], { home, variables })).exitCode).toBe(8);
  });
});

describe('users', () => {
  it('are added with a password from standard input, never from an argument', async () => {
    await server.stop();
    server = await startScriptedServer({ 'users.create': () => ({ name: 'bo', grants: [] }) });
    const argv = ['users', 'add', 'bo', '--role', 'viewer', '--password-stdin', '-q'];
    const variables = { LAZARET_SERVER: server.url };
    const stdin = 'a long enough secret\r\nsecond line';
    const { exitCode, stdout } = await runInside(argv, { home, stdin, variables });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'bo\n' });
    expect(JSON.parse(String(server.calls[0]?.body))).toMatchObject({
      password: 'a long enough secret',
      grants: [{ role: 'viewer', project: null }],
    });
    const refused = await runInside([...argv, '--password', 'x'], { home, variables });
    expect(refused.exitCode).toBe(2);
  });

  it('print a link with --link', async () => {
    await server.stop();
    server = await startScriptedServer({
      'users.create': () => ({ name: 'bo', grants: [] }),
      'users.link': () => ({
        link: 'l',
        url: 'http://x/setup#l',
        expiresAt: '2026-01-01T00:00:00Z',
      }),
    });
    const variables = { LAZARET_SERVER: server.url };
    const { stdout } = await runInside(['users', 'add', 'bo', '--link'], { home, variables });
    expect(stdout).toBe('http://x/setup#l\n');
  });
});
