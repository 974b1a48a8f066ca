import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Problem } from '@lazaret/protocol';

/** The operating-system user that runs PostgreSQL. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const preferredName = 'lazaret-db';
/** Fallback when `lazaret-db` neither exists nor can be created (/etc is read-only). */
const fallbackNames = ['postgres', 'nobody'] as const;

const addCommands: readonly (readonly [string, readonly string[]])[] = [
  // Debian, Ubuntu, Fedora, Arch
  [
    '/usr/sbin/useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'].concat([
      '--shell',
      '/usr/sbin/nologin',
      preferredName,
    ]),
  ],
  // busybox
  ['/usr/sbin/adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', preferredName]],
];

/**
 * PostgreSQL refuses to run as root. An ordinary user runs it under their own account; root runs it
 * as the owner of the existing files, otherwise as the system user `lazaret-db`, which is created
 * when missing, otherwise as `postgres` or `nobody`.
 */
export async function chooseSystemUser(ownerUid: number | undefined): Promise<SystemUser> {
  const users = await readUsers();
  const uid = process.geteuid?.() ?? -1;
  if (uid !== 0) {
    const self = users.find((user) => user.uid === uid);
    if (ownerUid !== undefined && ownerUid !== uid) throw filesOfOtherUser(ownerUid, uid);
    // initdb looks up the name of its user and fails without one.
    if (self === undefined) throw missingName(uid);
    return self;
  }
  const owner = users.find((user) => user.uid === ownerUid && user.uid !== 0);
  if (owner !== undefined) return owner;
  return find(users, [preferredName]) ?? (await addSystemUser()) ?? findFallback(users);
}

/** The name of the user of this process, who may connect to the database. */
export async function ownUserName(): Promise<string> {
  const uid = process.geteuid?.() ?? -1;
  const self = (await readUsers()).find((user) => user.uid === uid);
  if (self === undefined) throw missingName(uid);
  return self.name;
}

async function readUsers(): Promise<SystemUser[]> {
  const text = await readFile('/etc/passwd', 'utf8');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

function find(users: readonly SystemUser[], names: readonly string[]): SystemUser | undefined {
  for (const name of names) {
    const user = users.find((each) => each.name === name && each.uid !== 0);
    if (user !== undefined) return user;
  }
  return undefined;
}

async function addSystemUser(): Promise<SystemUser | undefined> {
  for (const [command, args] of addCommands) {
    try {
      await promisify(execFile)(command, args, { timeout: 10_000 });
    } catch {
      // Another start may have created it meanwhile, and the next command may work: check again.
    }
    const user = find(await readUsers(), [preferredName]);
    if (user !== undefined) return user;
  }
  return undefined;
}

function findFallback(users: readonly SystemUser[]): SystemUser {
  const user = find(users, fallbackNames);
  if (user !== undefined) return user;
  throw new Problem(
    'database_failed',
    `PostgreSQL does not run as root, and the user ${preferredName} could not be made. ` +
      'Create it, run Lazaret as an ordinary user, or set DATABASE_URL.',
  );
}

function filesOfOtherUser(ownerUid: number, uid: number): Problem {
  return new Problem(
    'database_failed',
    `The files of the database belong to the user ${ownerUid} and this process runs as ${uid}. ` +
      'Start Lazaret as that user or as root, or give the data directory to this user (chown -R).',
  );
}

function missingName(uid: number): Problem {
  return new Problem(
    'database_failed',
    `The user ${uid} has no entry in /etc/passwd, which PostgreSQL requires. ` +
      'Add it, or set DATABASE_URL to your own server.',
  );
}
