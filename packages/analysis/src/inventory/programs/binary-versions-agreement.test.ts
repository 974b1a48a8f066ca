import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { binaryClassifierReader } from './binary-classifiers.ts';
import { packagesOf, readFacts } from '../testing/read-facts.ts';

/** Debian's package, a program in it, and the name of the software here. */
const programs: readonly [debian: string, path: string, name: string][] = [
  ['apache2-bin', 'usr/sbin/apache2', 'httpd'],
  ['bash', 'bin/bash', 'bash'],
  ['busybox-static', 'bin/busybox', 'busybox'],
  ['curl', 'usr/bin/curl', 'curl'],
  ['dropbear-bin', 'usr/sbin/dropbear', 'dropbear'],
  ['git', 'usr/bin/git', 'git'],
  ['gpg', 'usr/bin/gpg', 'gnupg'],
  ['haproxy', 'usr/sbin/haproxy', 'haproxy'],
  ['jq', 'usr/bin/jq', 'jq'],
  ['libsqlite3-0', 'usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6', 'sqlite'],
  ['lighttpd', 'usr/sbin/lighttpd', 'lighttpd'],
  ['lua5.4', 'usr/bin/lua5.4', 'lua'],
  ['memcached', 'usr/bin/memcached', 'memcached'],
  ['musl', 'usr/lib/x86_64-linux-musl/libc.so', 'musl'],
  ['nginx', 'usr/sbin/nginx', 'nginx'],
  ['openssh-client', 'usr/bin/ssh', 'openssh'],
  ['openssl', 'usr/bin/openssl', 'openssl'],
  ['perl-base', 'usr/bin/perl', 'perl'],
  ['redis-tools', 'usr/bin/redis-check-rdb', 'redis'],
  ['sudo', 'usr/bin/sudo', 'sudo'],
  ['toybox', 'bin/toybox', 'toybox'],
  ['unbound', 'usr/sbin/unbound', 'unbound'],
  ['vsftpd', 'usr/sbin/vsftpd', 'vsftpd'],
  ['xz-utils', 'usr/bin/xz', 'xz'],
];

const run = promisify(execFile);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-debian-'));
  const names = programs.map(([debian]) => debian);
  await run('apt-get', ['download', '-qq', ...names], { cwd: directory });
}, 120_000);
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('programs of Debian', () => {
  test.each(programs)('reads the version of %s', async (debian, path, name) => {
    const files = await readdir(directory);
    const archive = join(directory, files.find((file) => file.startsWith(`${debian}_`)) ?? '');
    const { stdout } = await run('dpkg-deb', ['-f', archive, 'Version']);
    const unpacked = join(directory, `${debian}.unpacked`);
    await run('dpkg-deb', ['-x', archive, unpacked], { cwd: directory });
    const bytes = await readFile(join(unpacked, path)).catch(() =>
      readFile(join(unpacked, path.startsWith('usr/') ? path.slice(4) : `usr/${path}`)),
    );
    const facts = packagesOf(await readFacts(binaryClassifierReader, path, bytes));
    expect(facts.map((fact) => [fact.name, fact.version])).toEqual([[name, upstream(stdout)]]);
  });
});

/** The upstream version: without epoch, Debian's revision and its repacking suffix. */
function upstream(version: string): string {
  return version
    .trim()
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~].*$/, '');
}
