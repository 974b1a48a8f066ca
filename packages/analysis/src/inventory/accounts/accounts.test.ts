import { describe, expect, test } from 'vitest';

import { inventoryLimits } from '../limits.ts';
import { accountsReader } from './accounts.ts';
import { describePassword } from './password.ts';
import type { PasswordState } from './password.ts';
import { factsOf, neverCrashes, ofKind, wholeFile } from '../testing/read-file.ts';

describe('accounts', () => {
  test('are read from passwd, with the meaning of the password field', async () => {
    const path = 'etc/passwd';
    const text =
      'root:x:0:0:root:/root:/bin/bash\n# a comment\n\nopen::1000:1000::/home/open:\n' +
      'old:$1$ab$cdefghijklmnopqrstuvwx:4294967294:5:a,b,c:/:/bin/sh\nnobody:*:65534:65534:::\r\n';
    const user = { kind: 'user', path };
    expect(await factsOf(accountsReader, path, text)).toEqual([
      {
        ...{ ...user, name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
        password: 'elsewhere',
      },
      {
        ...{ ...user, name: 'open', uid: 1_000, gid: 1_000, home: '/home/open', shell: '' },
        password: 'empty',
      },
      {
        ...{ ...user, name: 'old', uid: 4_294_967_294, gid: 5, home: '/', shell: '/bin/sh' },
        password: 'set',
      },
      {
        ...{ ...user, name: 'nobody', uid: 65_534, gid: 65_534, home: '', shell: '' },
        password: 'locked',
      },
    ]);
  });

  test.each([
    'root',
    'root:x:0:0:root:/root',
    ':x:0:0:::',
    'a:x:-1:0:::',
    'a:x:0x0:0:::',
    'a:x:4294967296:0:::',
    'a:x:0:0:::sh:more',
  ])('that are malformed are unknown: %s', async (line) => {
    const facts = await factsOf(accountsReader, 'etc/passwd', `${line}\nok:x:1:1::/:/bin/sh\n`);
    expect(ofKind(facts, 'user').map(({ name }) => name)).toEqual(['ok']);
    expect(ofKind(facts, 'diagnostic')).toMatchObject([{ reason: 'damaged' }]);
  });

  test('of another service are a missing part', async () => {
    const facts = await factsOf(accountsReader, 'usr/lib/passwd', '+::::::\n');
    expect(ofKind(facts, 'diagnostic')).toMatchObject([{ reason: 'missing_part' }]);
  });

  test('and groups are listed with their members', async () => {
    const path = 'usr/lib/group';
    const facts = await factsOf(accountsReader, path, 'root:x:0:\nadm:x:4:a, b,,c\nbad:x\n');
    expect(ofKind(facts, 'group')).toEqual([
      { kind: 'group', path, name: 'root', gid: 0, members: [] },
      { kind: 'group', path, name: 'adm', gid: 4, members: ['a', 'b', 'c'] },
    ]);
    expect(ofKind(facts, 'diagnostic')).toHaveLength(1);
  });

  test('never report a hash', async () => {
    const salt = '$6$saltsalt$';
    const hash = 'QwErTyUiOpAsDfGhJkLzXcVbNm1234567890';
    const shadow = `root:${salt}${hash}:19000:0:99999:7:::\nb:!${salt}${hash}:1::::::\nc\n`;
    const facts = await factsOf(accountsReader, 'etc/shadow', shadow);
    expect(ofKind(facts, 'password')).toEqual([
      ...[
        { kind: 'password', path: 'etc/shadow', user: 'root', state: 'set', scheme: 'sha512crypt' },
      ],
      ...[
        { kind: 'password', path: 'etc/shadow', user: 'b', state: 'locked', scheme: 'sha512crypt' },
      ],
    ]);
    const passwd = await factsOf(accountsReader, 'etc/passwd', `a:${salt}${hash}:0:0::/:/bin/sh\n`);
    const broken = await factsOf(accountsReader, 'etc/shadow', `${salt}${hash}\n+${hash}\n`);
    expect(JSON.stringify([facts, passwd, broken])).not.toContain(hash);
  });

  test('with too many lines, or with endless ones, are unknown', async () => {
    const many = wholeFile(
      'etc/passwd',
      'a:x:1:1::/:\n'.repeat(inventoryLimits.accountsPerFile + 1),
    );
    expect(() => accountsReader.read(many, () => undefined)).toThrow('more than 200000 entries');
    const line = `a:x:1:${'b,'.repeat(inventoryLimits.accountLineBytes)}\n`;
    const facts = await factsOf(accountsReader, 'etc/group', line);
    expect(facts).toMatchObject([{ kind: 'diagnostic', reason: 'too_large' }]);
  });

  test('damaged anywhere never crash a reader', async () => {
    for (const path of ['etc/passwd', 'etc/shadow', 'etc/group']) {
      await neverCrashes(accountsReader, path, Buffer.from('root:$1$a$b:0:0:x:/root:/bin/sh\n'));
    }
  });
});

// Examples of crypt(5), with other salts.
test.each<readonly [string, PasswordState]>([
  ['', { state: 'empty' }],
  ['*', { state: 'locked' }],
  ['!', { state: 'locked' }],
  ['!!', { state: 'locked' }],
  ['!*', { state: 'locked' }],
  ['x', { state: 'locked' }],
  ['*LK*', { state: 'locked' }],
  ['NP', { state: 'locked' }],
  ['abJnggxhB/yWI', { state: 'set', scheme: 'des' }],
  ['_J9..K0AyUubDrfOgO4s', { state: 'set', scheme: 'bsdicrypt' }],
  ['$1$salt$hash', { state: 'set', scheme: 'md5crypt' }],
  ['$2y$05$abcdefghijklmnopqrstuv', { state: 'set', scheme: 'bcrypt' }],
  ['$5$rounds=5000$salt$hash', { state: 'set', scheme: 'sha256crypt' }],
  ['$md5,rounds=5$salt$$hash', { state: 'set', scheme: 'sunmd5' }],
  ['$y$j9T$salt$hash', { state: 'set', scheme: 'yescrypt' }],
  ['!$gy$j9T$salt$hash', { state: 'locked', scheme: 'gost-yescrypt' }],
  ['$zz$future$hash', { state: 'set', scheme: 'unknown' }],
])('the password field "%s"', (field, state) => {
  expect(describePassword(field)).toEqual(state);
});
