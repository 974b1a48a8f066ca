import { constants, mkdtempSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  open,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { gather } from '../archive/testing/tar-samples.ts';
import type { TreeFile } from '../tree/file-tree.ts';
import { directoryTree } from './directory.ts';
import { SourceError } from '@lazaret/oci';

const place = mkdtempSync(join(tmpdir(), 'lazaret-directory-'));
let counter = 0;

afterAll(() => rm(place, { recursive: true }));

async function directory(): Promise<string> {
  counter += 1;
  const path = join(place, String(counter));
  await mkdir(path);
  return path;
}

type Seen = Omit<TreeFile, 'content'> & { readonly text: string };

async function walk(root: string, options = {}): Promise<{ seen: Seen[]; gaps: string[] }> {
  const tree = directoryTree(root, options);
  const seen: Seen[] = [];
  for await (const { content, ...file } of tree.walk()) {
    seen.push({ ...file, text: (await gather(content)).toString() });
  }
  return { seen, gaps: tree.gaps.map(({ reason, path }) => `${reason} ${path}`) };
}

test('files, directories and links are listed in order, links are not followed', async () => {
  const root = await directory();
  await mkdir(join(root, 'b/c'), { recursive: true });
  await writeFile(join(root, 'b/c/file'), 'text', { mode: 0o640 });
  await writeFile(join(root, 'a'), '');
  await symlink('/etc', join(root, 'z'));
  await link(join(root, 'b/c/file'), join(root, 'b/twin'));
  const { seen, gaps } = await walk(root);
  expect(seen.map(({ path, type, text, linkPath }) => [path, type, text, linkPath])).toEqual([
    ['', 'directory', '', undefined],
    ['a', 'file', '', undefined],
    ['b', 'directory', '', undefined],
    ['z', 'symlink', '', '/etc'],
    ['b/c', 'directory', '', undefined],
    ['b/twin', 'file', 'text', undefined],
    ['b/c/file', 'hardlink', '', 'b/twin'],
  ]);
  expect(seen[1]).toMatchObject({ mode: 0o644, sizeBytes: 0 });
  expect(gaps).toEqual([]);
});

test('sockets and other special files are listed and never opened', async () => {
  const root = await directory();
  const server = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { seen } = await walk(root);
  server.close();
  expect(seen.map(({ path, type }) => [path, type])).toContainEqual(['socket', 'socket']);
  const dev = directoryTree('/dev');
  for await (const file of dev.walk()) {
    if (file.path === 'null') expect(file.device).toEqual({ major: 1, minor: 3 });
    if (file.path === 'null') expect(file.type).toBe('character-device');
  }
});

test('names that are not UTF-8 keep their bytes', async () => {
  const root = await directory();
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff])]), 'x');
  const { seen } = await walk(root);
  expect(seen[1]).toMatchObject({ path: 'a\\xff', rawPath: 'a\xff', text: 'x' });
});

test('other file systems are gaps unless enabled', async () => {
  const gaps = async (options = {}): Promise<readonly string[]> => {
    const tree = directoryTree('/dev', options);
    for await (const { type } of tree.walk()) expect(type).not.toBe('');
    return tree.gaps.map(({ path }) => path);
  };
  expect(await gaps()).toContain('pts');
  expect(await gaps({ crossFileSystems: true })).not.toContain('pts');
});

test('a limit ends the walk with a gap', async () => {
  const root = await directory();
  for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), '');
  const { seen, gaps } = await walk(root, { entries: 2 });
  expect([seen.length, gaps]).toEqual([3, ['too_many c']]);
});

test('timers and signals are served while a large directory is walked', async () => {
  const root = await directory();
  for (let index = 0; index < 400; index += 1) await writeFile(join(root, String(index)), '');
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const tree = directoryTree(root);
  for await (const { type } of tree.walk()) expect(type).toBeDefined();
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});

test('deeply nested directories are walked to the limit', async () => {
  const root = await directory();
  const depth = 1_100;
  await mkdir(join(root, ...Array.from({ length: depth }, () => 'd')), { recursive: true });
  const { seen, gaps } = await walk(root);
  expect(seen.length).toBe(1_026);
  expect(gaps[0]).toMatch(/^too_deep d\/d/);
});

test('a file that is replaced or truncated meanwhile is an error', async () => {
  const root = await directory();
  await writeFile(join(root, 'cut'), 'long enough');
  await writeFile(join(root, 'swap'), 'mine');
  await writeFile(join(place, 'secret'), 'theirs');
  const errors: string[] = [];
  for await (const { path, content } of directoryTree(root).walk()) {
    if (path === 'cut') await truncate(join(root, 'cut'), 3);
    if (path === 'swap') {
      await symlink(join(place, 'secret'), join(root, 'link'));
      await rename(join(root, 'link'), join(root, 'swap'));
    }
    await gather(content).catch((error: unknown) => {
      if (error instanceof SourceError) errors.push(path);
    });
  }
  expect(errors).toEqual(['cut', 'swap']);
});

test('a directory that is replaced by a link meanwhile is not followed', async () => {
  const root = await directory();
  const other = await directory();
  await mkdir(join(root, 'a/b'), { recursive: true });
  await mkdir(join(other, 'b'));
  await writeFile(join(other, 'b/secret'), 'theirs');
  const tree = directoryTree(root);
  const paths: string[] = [];
  for await (const { path } of tree.walk()) {
    paths.push(path);
    if (path !== 'a/b') continue;
    await rename(join(root, 'a'), join(root, 'was'));
    await symlink(other, join(root, 'a'));
  }
  expect(paths).toEqual(['', 'a', 'a/b']);
  expect(tree.gaps.map(({ path, reason }) => [path, reason])).toEqual([['a/b', 'failed']]);
});

test('deleted files are skipped or fail when read; an invalid root is an error', async () => {
  const root = await directory();
  for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), 'text');
  const seen: string[] = [];
  for await (const { path, content } of directoryTree(root).walk()) {
    if (path === 'a') await rm(join(root, 'b'));
    if (path === 'c') await rm(join(root, 'c'));
    const text = await gather(content).catch((error: unknown) => error);
    seen.push(text instanceof SourceError ? `${path} ${text.code}` : path);
  }
  expect(seen).toEqual(['', 'a', 'c not_found']);
  await expect(walk(join(root, 'a'))).rejects.toMatchObject({ code: 'unsupported' });
  await expect(walk(join(root, 'none'))).rejects.toMatchObject({ code: 'not_found' });
});

test('directories without permission are gaps', async () => {
  const root = await directory();
  await mkdir(join(root, 'shut'));
  await chmod(join(root, 'shut'), 0);
  const probe = await open(join(root, 'shut'), constants.O_RDONLY).catch(() => undefined);
  await probe?.close();
  const { gaps } = await walk(root);
  await chmod(join(root, 'shut'), 0o700);
  // A superuser can still read it.
  expect(gaps).toEqual(probe === undefined ? ['not_available shut'] : []);
});
