/**
 * How the versions of programs that no package manager installed are found: by file names, a
 * text in them, and its surroundings. Taken from the programs themselves.
 */
export interface VersionMark {
  /** Name of the package. */
  readonly name: string;
  /** Names of files as `binaryKey` gives them. */
  readonly keys: readonly string[];
  /** Texts to look for, in this order. `{line}` stands for the release line. */
  readonly anchors: readonly string[];
  /** Matched against the surroundings of an anchor; the first group is the version. */
  readonly pattern: RegExp;
  /** A text that must also be present, because the version is a separate string. */
  readonly needs?: string;
  /**
   * Where the release line (`3.11`) is found, with which the version must begin: in the
   * file's name, else after this text, where several may be listed.
   */
  readonly line?: { readonly anchor: string; readonly pattern: RegExp };
}

/** A version as a separate string, between the NULs that end strings in C. */
function alone(version: string): RegExp {
  return new RegExp(String.raw`\0(${version})\0`);
}

/** The first matching row of a file is used. */
export const versionMarks: readonly VersionMark[] = [
  // interpreters and runtimes
  {
    name: 'python',
    keys: ['python', 'libpython', 'pypy', 'libpypy-c'],
    anchors: ['\0{line}.'],
    pattern: alone(String.raw`\d\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?\+?`),
    line: { anchor: 'python', pattern: /python([23]\.\d{1,2})/ },
  },
  mark(
    'node',
    ['node', 'nodejs', 'libnode'],
    [
      ['node.js/v', 'nodejs.org/download/release/v'],
      /(?:node\.js|download\/release)\/v(\d{1,3}\.\d{1,3}\.\d{1,3})/,
    ],
  ),
  mark('deno', ['deno'], [['Deno/'], /Deno\/(\d{1,3}\.\d{1,3}\.\d{1,3})/]),
  mark('bun', ['bun', 'bun-profile'], [['Bun/'], /Bun\/(\d{1,3}\.\d{1,3}\.\d{1,3})/]),
  mark(
    'ruby',
    ['ruby', 'libruby'],
    [['ruby '], /ruby (\d\.\d{1,2}\.\d{1,2})(?:p\d{1,4}|dev|preview\d|rc\d)? \(\d{4}-/],
  ),
  mark(
    'perl',
    ['perl', 'libperl'],
    [['perl/5.', 'perl5/5.', '/perl5/'], /perl5?\/(5\.\d{1,2}\.\d{1,2})\b/],
  ),
  mark(
    'php',
    ['php', 'php-fpm', 'php-cgi', 'libphp', 'phpdbg'],
    [['X-Powered-By: PHP/'], /PHP\/(\d{1,2}\.\d{1,2}\.\d{1,3}(?:(?:alpha|beta|RC)\d{1,2})?)/],
  ),
  mark('openjdk', ['libjvm'], [[' JRE ('], / JRE \((\d{1,2}[\w.+]{0,40})/]),
  mark(
    'rust',
    ['rustc', 'librustc_driver'],
    [
      ['rustc '],
      /rustc (?:version )?(1\.\d{1,3}\.\d{1,2}(?:-[\w.]{1,20})?) \([0-9a-f]{7,12} \d{4}-/,
    ],
  ),
  mark('lua', ['lua', 'luac', 'liblua'], [['$LuaVersion: Lua '], /Lua (5\.\d\.\d{1,2})/]),
  mark('luajit', ['luajit', 'libluajit'], [['LuaJIT 2.'], /LuaJIT (2\.\d\.[\w.-]{1,20})/]),
  mark(
    'dart',
    ['dart', 'dartvm'],
    [
      [' (stable) (', ' (beta) (', ' (dev) ('],
      /(\d\.\d{1,2}\.\d{1,2}(?:-[\w.]{1,20})?) \((?:stable|beta|dev)\) \([A-Z][a-z]{2} /,
    ],
  ),
  mark(
    'swift',
    ['swift-frontend', 'swift'],
    [['Swift version '], /Swift version (\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)/],
  ),
  {
    ...mark('julia', ['julia', 'libjulia'], [['\x001.'], alone(String.raw`1\.\d{1,2}\.\d{1,2}`)]),
    needs: 'julia version',
  },
  mark(
    'erlang',
    ['beam.smp', 'beam'],
    [['(BEAM) emulator version '], /version (\d{1,2}(?:\.\d{1,3}){1,3})/],
  ),

  // servers
  mark(
    'openresty',
    ['nginx', 'openresty'],
    [['nginx version: openresty/'], /openresty\/(\d{1,2}(?:\.\d{1,3}){2,3})/],
  ),
  mark(
    'nginx',
    ['nginx', 'nginx-debug'],
    [['nginx version: nginx/'], /nginx\/(\d{1,2}\.\d{1,3}\.\d{1,3})/],
  ),
  mark('httpd', ['httpd', 'apache'], [['Apache/2.'], /Apache\/(2\.\d{1,2}\.\d{1,3})/]),
  mark(
    'haproxy',
    ['haproxy'],
    [
      [', released 20'],
      /version (\d{1,2}\.\d{1,2}(?:\.\d{1,3}|-dev\d{1,3})?)[^,\0]{0,40}, released 20/,
    ],
  ),
  mark('lighttpd', ['lighttpd'], [['lighttpd/1.'], /lighttpd\/(1\.\d{1,2}\.\d{1,3})/]),
  mark('varnish', ['varnishd'], [['varnish-'], /varnish-(\d{1,2}\.\d{1,2}\.\d{1,2}) revision/]),
  mark('squid', ['squid'], [['squid/'], /squid\/(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)/]),
  mark('unbound', ['unbound'], [['unbound 1.'], /unbound (1\.\d{1,3}\.\d{1,3})/]),
  mark('memcached', ['memcached'], [['memcached 1.'], /memcached (1\.\d{1,3}\.\d{1,3})/]),
  {
    ...mark(
      'valkey',
      ['valkey-server', 'valkey-cli', 'valkey-sentinel'],
      [['\x009.', '\x008.', '\x007.'], alone(String.raw`[7-9]\.\d{1,2}\.\d{1,2}`)],
    ),
    needs: 'valkey',
  },
  {
    ...mark(
      'redis',
      ['redis-server', 'redis-sentinel', 'redis-check-rdb', 'redis-check-aof'],
      [
        ['\x008.', '\x007.', '\x006.', '\x005.', '\x004.', '\x003.'],
        alone(String.raw`[3-8]\.\d{1,2}\.\d{1,2}`),
      ],
    ),
    needs: 'redis_version:',
  },
  mark(
    'postgresql',
    ['postgres', 'psql', 'pg_dump'],
    [['(PostgreSQL) '], /\(PostgreSQL\) (\d{1,2}(?:\.\d{1,2}){1,2}|\d{2}(?:beta|rc)\d)/],
  ),
  mark(
    'mariadb',
    ['mariadbd', 'mysqld', 'mariadb', 'mysql'],
    [['-MariaDB'], /(\d{1,2}\.\d{1,2}\.\d{1,2})-MariaDB/],
  ),
  {
    ...mark(
      'mysql',
      ['mysqld', 'mysql'],
      [['\x009.', '\x008.', '\x005.'], alone(String.raw`[5-9]\.\d{1,2}\.\d{1,2}`)],
    ),
    needs: 'MySQL',
  },
  mark('proftpd', ['proftpd'], [['ProFTPD Version '], /Version (\d\.\d\.\d{1,2}[a-z]?)/]),
  mark('vsftpd', ['vsftpd'], [['vsftpd: version '], /version (\d\.\d\.\d{1,2})/]),
  mark('openssh', ['sshd', 'ssh', 'sshd-session'], [['OpenSSH_'], /OpenSSH_(\d{1,2}\.\d{1,2}p\d)/]),
  mark(
    'dropbear',
    ['dropbear', 'dbclient', 'dropbearmulti'],
    [['SSH-2.0-dropbear_'], /dropbear_(20\d\d\.\d{1,3})/],
  ),

  // tools
  mark('bash', ['bash'], [['@(#)Bash version '], /version (\d\.\d{1,2}\.\d{1,3})/]),
  mark('busybox', ['busybox'], [['BusyBox v'], /BusyBox v(\d\.\d{1,3}\.\d{1,3})/]),
  {
    ...mark(
      'toybox',
      ['toybox'],
      [['toybox 0.', '\x000.'], /(?:toybox |\0)(0\.\d{1,2}\.\d{1,2})(?:\0|-)/],
    ),
    needs: 'toybox',
  },
  mark('git', ['git'], [['git/'], /git\/(\d\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)/]),
  mark('curl', ['curl'], [['curl 7.', 'curl 8.', 'curl 9.'], /curl (\d\.\d{1,3}\.\d{1,3}) \(/]),
  {
    ...mark('jq', ['jq'], [['\x001.', 'jq-1.'], /(?:\0|jq-)(1\.\d{1,2}(?:\.\d{1,2})?)\0/]),
    needs: 'jq-',
  },
  mark('gnupg', ['gpg', 'gpgv'], [['OpenPGP server '], /server (\d\.\d{1,2}\.\d{1,3}) ready/]),
  {
    ...mark('sudo', ['sudo'], [['\x001.'], alone(String.raw`1\.[89]\.\d{1,3}(?:p\d)?`)]),
    needs: 'Sudo version',
  },
  mark('xz', ['xz'], [['xz (XZ Utils) '], /\(XZ Utils\) (5\.\d\.\d{1,2}(?:alpha|beta)?)/]),
  mark(
    'ffmpeg',
    ['ffmpeg', 'ffprobe'],
    [['%s version '], /%s version n?(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)/],
  ),

  // libraries
  mark(
    'ffmpeg',
    ['libavutil', 'libavcodec', 'libavformat'],
    [['FFmpeg version '], /FFmpeg version n?(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)/],
  ),
  mark(
    'imagemagick',
    ['libmagickcore', 'magick'],
    [['ImageMagick '], /ImageMagick (\d\.\d{1,2}\.\d{1,2}-\d{1,3}) /],
  ),
  mark('libressl', ['libcrypto', 'openssl'], [['LibreSSL '], /LibreSSL (\d\.\d{1,2}\.\d{1,2})\b/]),
  mark(
    'openssl',
    ['libcrypto', 'openssl'],
    [
      ['OpenSSL '],
      /OpenSSL (\d\.\d\.\d{1,2}[a-z]{0,2})(?:-[\w.]{1,20})? {1,2}\d{1,2} [A-Z][a-z]{2} \d{4}/,
    ],
  ),
  mark('gnutls', ['libgnutls'], [['Enabled GnuTLS '], /GnuTLS (\d\.\d{1,2}\.\d{1,3})/]),
  mark(
    'curl',
    ['libcurl', 'libcurl-gnutls', 'libcurl-nss'],
    [['CLIENT libcurl ', 'libcurl/'], /libcurl[ /](\d\.\d{1,3}\.\d{1,3})/],
  ),
  {
    ...mark(
      'sqlite',
      ['libsqlite', 'sqlite'],
      [['\x003.'], alone(String.raw`3\.\d{1,2}\.\d{1,2}(?:\.\d)?`)],
    ),
    needs: 'SQLite format 3',
  },
  mark('expat', ['libexpat'], [['expat_'], /expat_(\d\.\d{1,2}\.\d{1,2})/]),
  mark('zlib', ['libz'], [['deflate 1.'], /deflate (1\.\d{1,2}(?:\.\d{1,3}){0,2}) Copyright/]),
  mark('glibc', ['libc'], [['GNU C Library '], /release version (\d\.\d{1,3}(?:\.\d{1,3})?)/]),
  {
    ...mark(
      'musl',
      ['ld-musl', 'libc.musl', 'libc'],
      [['\x001.'], alone(String.raw`1\.[0-9]\.\d{1,2}`)],
    ),
    needs: 'musl libc',
  },
];

function mark(
  name: string,
  keys: readonly string[],
  [anchors, pattern]: readonly [anchors: readonly string[], pattern: RegExp],
): VersionMark {
  return { name, keys, anchors, pattern };
}
