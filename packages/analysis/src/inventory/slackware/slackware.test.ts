import { expect, test } from 'vitest';

import { factsOf, neverCrashes } from '../testing/read-file.ts';
import { slackwareReader } from './slackware.ts';

test('Slackware names a package by its file', async () => {
  const path = 'var/lib/pkgtools/packages/aaa-glibc-2.33-x86_64-5';
  const text = 'PACKAGE NAME: aaa-glibc\nFILE LIST:\n./\nlib64/\nlib64/libc.so\n';
  const about = { name: 'aaa-glibc', version: '2.33-5', architecture: 'x86_64' };
  expect(await factsOf(slackwareReader, path, text)).toMatchObject([
    { kind: 'package', ...about, purl: 'pkg:generic/aaa-glibc@2.33-5?arch=x86_64' },
    { kind: 'ownership', ...about, files: [{ path: 'lib64' }, { path: 'lib64/libc.so' }] },
  ]);
  expect(await factsOf(slackwareReader, 'var/log/packages/x', '')).toMatchObject([
    { kind: 'diagnostic' },
  ]);
  await neverCrashes(slackwareReader, path, Buffer.from(text));
});
