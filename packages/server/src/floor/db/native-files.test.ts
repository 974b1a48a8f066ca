import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findShippedFiles, type NativeFiles, placeNativeFiles } from './native-files.ts';
import { chooseSystemUser, type SystemUser } from './system-user.ts';

let root: string;
let place: string;
let user: SystemUser;
let shipped: NativeFiles;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lazaret-native-'));
  await chmod(root, 0o755);
  place = join(root, 'copies');
  user = await chooseSystemUser(undefined);
  shipped = { ...(await findShippedFiles()), directory: join(root, 'package', 'native') };
  await cp((await findShippedFiles()).directory, shipped.directory, {
    recursive: true,
    verbatimSymlinks: true,
  });
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function version(files: NativeFiles): Promise<string> {
  const identity = { uid: user.uid, gid: user.gid, env: {} };
  const initdb = join(files.directory, 'bin', 'initdb');
  return (await promisify(execFile)(initdb, ['--version'], identity)).stdout;
}

async function removeLinks(): Promise<void> {
  const libraries = join(shipped.directory, 'lib');
  for (const entry of await readdir(libraries, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(libraries, entry.name));
  }
}

test('the files are used in place if they can be executed there', async () => {
  expect(await placeNativeFiles(shipped, user, [place])).toEqual(shipped);
  expect(await readdir(root)).toEqual(['package']);
});

test('files below a closed directory are copied once for each version', async () => {
  // Only root has a separate user for the database; others can always access their own files.
  if (process.geteuid?.() === 0) await chmod(join(root, 'package'), 0o700);
  else await removeLinks();
  const closed = join(root, 'closed', 'copies');
  await mkdir(join(root, 'closed'), { mode: 0o700 });
  const places = process.geteuid?.() === 0 ? [closed, place] : [place];
  const copy = await placeNativeFiles(shipped, user, places);
  expect(copy.directory.startsWith(place)).toBe(true);
  expect(await version(copy)).toContain(shipped.version);
  const made = await stat(copy.directory);
  expect(await placeNativeFiles(shipped, user, places)).toEqual(copy);
  expect((await stat(copy.directory)).ino).toBe(made.ino);
  const newer = await placeNativeFiles({ ...shipped, version: '18.99' }, user, places);
  expect(newer.directory).not.toBe(copy.directory);
});

test('links that the install script did not create are created in the copy', async () => {
  await removeLinks();
  await expect(version(shipped)).rejects.toThrow('shared libraries');
  const copy = await placeNativeFiles(shipped, user, [place]);
  expect(await version(copy)).toContain(shipped.version);
});

test('without a directory for the copy the error says what to do', async () => {
  await removeLinks();
  const refused = placeNativeFiles(shipped, user, ['/dev/null/copies']);
  await expect(refused).rejects.toMatchObject({
    code: 'database_failed',
    message: expect.stringContaining('set DATABASE_URL'),
  });
});
