import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { normalizeServer } from './connection.ts';
import {
  contextsPath,
  readContexts,
  withContext,
  withoutContext,
  writeContexts,
} from './contexts.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-contexts-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const one = { name: 'one', server: 'https://one.example', token: 's1', tokenId: 'id', user: 'al' };
const two = { ...one, name: 'two', token: 's2', tokenId: undefined };

describe('contexts', () => {
  it('are stored readable for the owner only', async () => {
    const contexts = withContext(withContext({ current: undefined, list: [] }, one), two);
    await writeContexts(directory, contexts);
    expect(await readContexts(directory)).toEqual({ current: 'two', list: [one, two] });
    expect((await stat(contextsPath(directory))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['contexts.yaml']);
  });

  it('are made private again when their mode was changed', async () => {
    await writeContexts(directory, withContext({ current: undefined, list: [] }, one));
    await chmod(contextsPath(directory), 0o644);
    await readContexts(directory);
    expect((await stat(contextsPath(directory))).mode & 0o777).toBe(0o600);
  });

  it('have no current one after the current one was removed', () => {
    const contexts = withContext({ current: undefined, list: [] }, one);
    expect(withoutContext(contexts, 'one')).toEqual({ current: undefined, list: [] });
  });

  it('are empty without a file', async () => {
    expect(await readContexts(join(directory, 'absent'))).toEqual({ current: undefined, list: [] });
  });

  it.each(['contexts: 3', 'contexts: [{name: x}]', '{[', '- 1'])(
    'say what is wrong with %j and keep the file',
    async (text) => {
      await writeFile(contextsPath(directory), text);
      await expect(readContexts(directory)).rejects.toThrow(/cannot read .*contexts\.yaml/);
      expect(await readFile(contextsPath(directory), 'utf8')).toBe(text);
    },
  );
});

describe('server URLs', () => {
  it.each([
    ['localhost:8100', 'http://localhost:8100'],
    ['127.0.0.1:8100/', 'http://127.0.0.1:8100'],
    ['lazaret.example.org', 'https://lazaret.example.org'],
    ['https://example.org/lazaret//', 'https://example.org/lazaret'],
    ['http://example.org/?q#f', 'http://example.org'],
  ])('%s is %s', (given, expected) => {
    expect(normalizeServer(given)).toBe(expected);
  });

  it.each(['ftp://example.org', 'https://al:secret@example.org', 'https://', ''])(
    'refuses %j',
    (given) => {
      expect(() => normalizeServer(given)).toThrow();
    },
  );
});
