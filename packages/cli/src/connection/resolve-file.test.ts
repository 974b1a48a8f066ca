/** Shortened digests of files, as lists and searches show them. */
import { expect, it } from 'vitest';

import { useServerHarness } from '../testing/server-harness.ts';

const cli = useServerHarness();
const digests = ['275a02', '275b02', 'ffffff1', 'ffffff2'].map((start) => start.padEnd(64, '0'));

const handlers = {
  'search.run': () => ({
    items: digests.flatMap((id) => [
      { id, title: 'eicar.com' },
      { id, title: 'copy' },
    ]),
    groups: [],
    next: null,
  }),
  'files.preview': ({ params: { sha256 = '' } }) => ({
    sha256,
    sizeBytes: 2,
    offset: 0,
    bytes: Buffer.from(sha256.slice(0, 4)).toString('base64'),
    source: 'artifact',
  }),
} satisfies Parameters<typeof cli.run>[0];

it('accepts an unambiguous beginning of a digest', async () => {
  const { exitCode, stdout, stderr } = await cli.run(handlers, ['files', 'preview', '275A02']);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '275a\n', stderr: '' });
});

it.each([
  ['ffffff', 2, '"ffffff" is ambiguous: 2 files match'],
  ['275a0', 2, 'invalid SHA-256 "275a0"'],
  ['275c02', 7, 'no such file: "275c02"'],
])('refuses %s', async (given, expected, message) => {
  const { exitCode, stderr } = await cli.run(handlers, ['files', 'show', given]);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(expected);
});

it('refuses a beginning when not all matches fit on a page', async () => {
  const items = [{ id: digests[0], title: 'eicar.com' }];
  const more = { 'search.run': () => ({ items, groups: [], next: 'more' }) };
  const { exitCode, stderr } = await cli.run(more, ['files', 'show', '275a02']);
  expect(stderr).toContain('may be ambiguous');
  expect(exitCode).toBe(2);
});
