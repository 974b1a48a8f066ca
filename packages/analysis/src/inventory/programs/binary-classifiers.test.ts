import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { elfFile } from '../binary/testing/binary-samples.ts';
import { binaryClassifierReader, binaryKey } from './binary-classifiers.ts';
import { versionMarks } from './binary-versions.ts';
import { elfNoteReader, linuxKernelReader } from './elf-notes.ts';
import { packagesOf, purlsOf, readFacts, unknownsOf } from '../testing/read-facts.ts';
import { textVersionReader } from './text-versions.ts';

/** A text of each program, and the file that contains it. */
const samples: readonly [name: string, path: string, text: string, version: string][] = [
  ['python', 'usr/local/bin/python3.12', 'x\x003.12.4\0y', '3.12.4'],
  ['python', 'usr/lib/libpython3.so', 'lib/python3.9/site-packages\0a\x003.9.2+\0', '3.9.2+'],
  ['python', 'bin/python2.7', '\x002.7.18\0', '2.7.18'],
  ['node', 'usr/local/bin/node', 'https://nodejs.org/download/release/v22.3.0/node', '22.3.0'],
  ['node', 'usr/lib/libnode.so.108', 'node.js/v18.20.4', '18.20.4'],
  ['deno', 'bin/deno', 'Deno/1.45.2', '1.45.2'],
  ['bun', 'bin/bun', 'Bun/1.1.20', '1.1.20'],
  ['ruby', 'lib/libruby.so.3.3', 'ruby 3.3.4 (2024-07-09 revision be1089c8ec) [', '3.3.4'],
  ['perl', 'usr/local/bin/perl5.40.0', '/usr/local/lib/perl5/5.40.0/x86', '5.40.0'],
  ['php', 'usr/local/sbin/php-fpm', 'X-Powered-By: PHP/8.3.9', '8.3.9'],
  [
    'openjdk',
    'lib/server/libjvm.so',
    'VM (21.0.3+9-LTS) for linux-amd64 JRE (21.0.3+9-LTS)',
    '21.0.3+9',
  ],
  ['rust', 'bin/rustc', 'rustc 1.79.0 (129f3b996 2024-06-10)', '1.79.0'],
  ['lua', 'bin/lua5.4', '$LuaVersion: Lua 5.4.6  Copyright', '5.4.6'],
  ['luajit', 'bin/luajit-2.1', 'LuaJIT 2.1.0-beta3 --', '2.1.0-beta3'],
  ['dart', 'bin/dart', '3.4.4 (stable) (Wed Jun 12 15:54:31 2024 +0000)', '3.4.4'],
  ['swift', 'usr/bin/swift-frontend', 'Swift version 5.10.1 (swift-5.10.1-RELEASE)', '5.10.1'],
  ['julia', 'bin/julia', 'julia version %s\n\x001.10.4\0', '1.10.4'],
  [
    'erlang',
    'erts-14/bin/beam.smp',
    'BEAM) emulator version 14.2.5\n(BEAM) emulator version 14.2.5',
    '14.2.5',
  ],
  [
    'openresty',
    'usr/local/openresty/nginx/sbin/nginx',
    'nginx version: openresty/1.25.3.1',
    '1.25.3.1',
  ],
  ['nginx', 'usr/sbin/nginx', 'nginx version: nginx/1.27.0', '1.27.0'],
  ['httpd', 'usr/local/apache2/bin/httpd', 'Apache/2.4.61 (Unix)', '2.4.61'],
  ['haproxy', 'usr/sbin/haproxy', ' version 3.0.2-a45a8e6, released 2024/06/14\n', '3.0.2'],
  ['lighttpd', 'usr/sbin/lighttpd', 'lighttpd/1.4.76', '1.4.76'],
  ['varnish', 'usr/sbin/varnishd', 'varnish-7.5.0 revision eef25264e5ca', '7.5.0'],
  ['squid', 'usr/sbin/squid', 'squid/6.10', '6.10'],
  ['unbound', 'usr/sbin/unbound', 'unbound 1.20.0', '1.20.0'],
  ['memcached', 'usr/bin/memcached', 'memcached 1.6.29', '1.6.29'],
  ['redis', 'usr/local/bin/redis-server', 'redis_version:%s\x007.2.5\0', '7.2.5'],
  ['valkey', 'usr/local/bin/valkey-server', 'valkey_version:%s\x007.2.4\0x\x008.0.1\0', '8.0.1'],
  ['postgresql', 'usr/local/bin/postgres', 'postgres (PostgreSQL) 16.3\n', '16.3'],
  ['mariadb', 'usr/sbin/mariadbd', '11.4.2-MariaDB', '11.4.2'],
  ['mysql', 'usr/sbin/mysqld', 'MySQL Community Server\0a\x008.4.1\0', '8.4.1'],
  ['proftpd', 'usr/sbin/proftpd', 'ProFTPD Version 1.3.8b', '1.3.8b'],
  ['vsftpd', 'usr/sbin/vsftpd', 'vsftpd: version 3.0.5\n', '3.0.5'],
  ['openssh', 'usr/sbin/sshd', 'OpenSSH_7.*\0OpenSSH_9.8p1', '9.8p1'],
  ['dropbear', 'usr/sbin/dropbear', 'SSH-2.0-dropbear_2024.85', '2024.85'],
  ['bash', 'bin/bash', '@(#)Bash version 5.2.26(1) release GNU', '5.2.26'],
  ['busybox', 'bin/busybox', 'BusyBox v1.36.1 (2024-06-10 07:11:47 UTC)', '1.36.1'],
  ['toybox', 'bin/toybox', 'toybox\x000.8.11\0', '0.8.11'],
  ['git', 'usr/bin/git', 'git/2.45.2', '2.45.2'],
  ['curl', 'usr/bin/curl', 'curl 8.8.0 (x86_64-alpine-linux-musl)', '8.8.0'],
  ['jq', 'usr/bin/jq', 'jq-%s\n\x001.7.1\0', '1.7.1'],
  ['gnupg', 'usr/bin/gpg', "GNU Privacy Guard's OpenPGP server 2.4.5 ready", '2.4.5'],
  ['sudo', 'usr/bin/sudo', 'Sudo version %s\n\x001.9.15p5\0', '1.9.15p5'],
  ['xz', 'usr/bin/xz', 'xz (XZ Utils) 5.6.1', '5.6.1'],
  ['ffmpeg', 'usr/bin/ffmpeg', '%s version n7.0.1', '7.0.1'],
  ['ffmpeg', 'usr/lib/libavutil.so.58', 'FFmpeg version 6.1.1', '6.1.1'],
  ['imagemagick', 'lib/libMagickCore-7.Q16HDRI.so.10', 'ImageMagick 7.1.1-33 Q16-HDRI', '7.1.1-33'],
  ['openssl', 'usr/lib/libcrypto.so.1.1', 'OpenSSL 1.1.1w  11 Sep 2023', '1.1.1w'],
  ['libressl', 'usr/lib/libcrypto.so.52', 'LibreSSL 3.8.4', '3.8.4'],
  ['gnutls', 'usr/lib/libgnutls.so.30', 'Enabled GnuTLS 3.8.5 logging...', '3.8.5'],
  ['curl', 'usr/lib/libcurl.so.4.8.0', 'CLIENT libcurl 8.8.0', '8.8.0'],
  ['sqlite', 'usr/lib/libsqlite3.so.0', 'SQLite format 3\0a\x003.46.0\0', '3.46.0'],
  ['expat', 'usr/lib/libexpat.so.1', 'expat_2.6.2', '2.6.2'],
  ['zlib', 'lib/libz.so.1', ' deflate 1.3.1 Copyright 1995-2024', '1.3.1'],
  ['glibc', 'lib/libc-2.31.so', 'GNU C Library (Debian) stable release version 2.31.', '2.31'],
  ['musl', 'lib/ld-musl-x86_64.so.1', 'musl libc (x86_64)\n\x001.2.5\0', '1.2.5'],
];

describe('programs that no package manager installed', () => {
  test.each(samples)('%s in %s', async (name, path, text, version) => {
    const bytes = elfFile([{ name: '.rodata', bytes: Buffer.from(`\0${text}\0`, 'latin1') }]);
    const facts = packagesOf(await readFacts(binaryClassifierReader, path, bytes));
    expect(facts).toMatchObject([
      { type: 'generic', name, version, foundBy: 'pattern', state: 'installed' },
    ]);
    const offset = facts[0]?.offset ?? 0;
    expect(bytes.toString('latin1', offset, offset + version.length)).toBe(version);
    expect(binaryClassifierReader.accepts?.({ path } as never)).toBe(true);
  });

  test('all have a test sample', () => {
    const shown = new Set(samples.map(([name]) => name));
    expect(versionMarks.filter(({ name }) => !shown.has(name))).toEqual([]);
  });

  test('are not read from other names or other texts', async () => {
    const bytes = Buffer.from('nginx version: nginx/1.27.0');
    expect(await readFacts(binaryClassifierReader, 'usr/bin/other', bytes)).toEqual([]);
    expect(await readFacts(binaryClassifierReader, 'usr/sbin/nginx', elfFile([]))).toEqual([]);
    expect(binaryClassifierReader.accepts?.({ path: 'lib/ruby/openssl.so' } as never)).toBe(false);
  });

  test.each([
    ['usr/bin/python3.11', 'python'],
    ['lib/libpython3.11.so.1.0', 'libpython'],
    ['lib/libMagickCore-6.Q16.so.6', 'libmagickcore'],
    ['lib/librustc_driver-b5a965480ee51f9a.so', 'librustc_driver'],
    ['lib/libc.musl-x86_64.so.1', 'libc.musl'],
    ['C/node.exe', 'node'],
    ['usr/bin/7z', ''],
  ])('%s is called %s', (path, key) => {
    expect(binaryKey(path)).toBe(key);
  });

  test('with a million anchors are read quickly', async () => {
    const bytes = Buffer.alloc(8_000_000, 'ruby ');
    expect(await readFacts(binaryClassifierReader, 'bin/ruby', bytes)).toEqual([]);
  });

  test('for any bytes, reading ends without an error', async () => {
    const paths = fc.constantFrom(...samples.map(([, path]) => path));
    const pieces = fc.array(fc.constantFrom(...samples.map(([, , text]) => text)), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(paths, pieces, fc.uint8Array(), async (path, texts, junk) => {
        const bytes = Buffer.concat([Buffer.from(texts.join(''), 'latin1'), junk]);
        await readFacts(binaryClassifierReader, path, bytes);
      }),
    );
  });
});

describe('texts that contain a version', () => {
  test.each([
    [
      'wordpress',
      'var/www/html/wp-includes/version.php',
      "<?php\n$wp_version = '6.5.4';\n",
      '6.5.4',
    ],
    ['drupal', 'opt/drupal/web/core/lib/Drupal.php', "  const VERSION = '10.3.1';", '10.3.1'],
    ['drupal', 'var/www/includes/bootstrap.inc', "define('VERSION', '7.101');", '7.101'],
    ['go', 'usr/local/go/VERSION', 'go1.22.5\ntime 2024-06-27T20:11:12Z\n', '1.22.5'],
    ['erlang-otp', 'usr/lib/erlang/releases/26/OTP_VERSION', '26.2.5\n', '26.2.5'],
    [
      'rabbitmq',
      'plugins/rabbit-3.13.4/ebin/rabbit.app',
      '{application,rabbit,[{vsn,"3.13.4"}',
      '3.13.4',
    ],
    [
      'r',
      'usr/lib/R/library/base/DESCRIPTION',
      'Package: base\nVersion: 4.4.1\nPriority: base\n',
      '4.4.1',
    ],
  ])('%s in %s', async (name, path, text, version) => {
    expect(packagesOf(await readFacts(textVersionReader, path, text))).toMatchObject([
      { name, version },
    ]);
    expect(textVersionReader.accepts?.({ path, sizeBytes: text.length } as never)).toBe(true);
  });

  test('elsewhere yield nothing', async () => {
    expect(textVersionReader.accepts?.({ path: 'a/DESCRIPTION', sizeBytes: 9 } as never)).toBe(
      false,
    );
    expect(await readFacts(textVersionReader, 'src/VERSION', '1.2.3\n')).toEqual([]);
  });
});

describe('ELF files', () => {
  function note(text: string, length = text.length): Buffer {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(4, 0);
    head.writeUInt32LE(length, 4);
    head.writeUInt32LE(0xcafe1a7e, 8);
    head.write('FDO\0', 12, 'latin1');
    return elfFile([{ name: '.note.package', bytes: Buffer.concat([head, Buffer.from(text)]) }]);
  }

  test('may have a note of their package', async () => {
    const text =
      '{"type":"deb","os":"debian","name":"tool","version":"1.0-2","architecture":"amd64"}\0';
    const facts = packagesOf(await readFacts(elfNoteReader, 'usr/bin/tool', note(text)));
    expect(facts).toMatchObject([
      {
        purl: 'pkg:deb/debian/tool@1.0-2?arch=amd64',
        foundBy: 'build-info',
        architecture: 'amd64',
      },
    ]);
    const other = note('{"type":"nix","name":"tool","version":"1.0"}');
    expect(purlsOf(await readFacts(elfNoteReader, 'a', other))).toEqual(['pkg:generic/tool@1.0']);
  });

  test.each([
    ['no JSON', note('{'), 'damaged'],
    ['more than there is', note('{}', 5_000), 'damaged'],
    [
      'packed bytes',
      Buffer.concat([elfFile([], { isStripped: true }), Buffer.from('UPX!')]),
      'unsupported',
    ],
  ])('with %s are reported as unreadable', async (_, bytes, reason) => {
    expect(unknownsOf(await readFacts(elfNoteReader, 'a', bytes))).toMatchObject([{ reason }]);
  });
});

test('the version of a kernel is read', async () => {
  const bytes = Buffer.alloc(4_096);
  bytes.write('MZ');
  bytes.write('HdrS', 0x202);
  bytes.writeUInt16LE(0x400, 0x20e);
  bytes.write('6.1.0-22-amd64 (debian-kernel@lists.debian.org) #1 SMP\0', 0x600);
  const facts = await readFacts(linuxKernelReader, 'boot/vmlinuz-6.1.0-22-amd64', bytes);
  expect(purlsOf(facts)).toEqual(['pkg:generic/linux@6.1.0-22-amd64']);
  expect(await readFacts(linuxKernelReader, 'boot/vmlinuz', bytes.subarray(0, 700))).toEqual([]);
});
