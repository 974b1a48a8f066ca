// Not in the quick check: a manifest is truncated and changed at every byte.
import { zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';
import { chiselReader } from './chisel.ts';

const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('the manifest of Chisel', () => {
  const path = 'var/lib/chisel/manifest.wall';
  const lines = [
    { jsonwall: '1.0', schema: '1.0', count: 7 },
    { kind: 'content', slice: 'libc6_libs', path: '/usr/lib/' },
    { kind: 'package', name: 'libc6', version: '2.39-0ubuntu8.4', sha256, arch: 'amd64' },
    { kind: 'path', path: '/usr/lib/', mode: '0755', slices: ['libc6_libs', 'base-files_lib'] },
    { kind: 'path', path: '/etc/x', mode: '0644', slices: ['libc6_a'], final_sha256: sha256 },
    { kind: 'path', path: '/etc/y', slices: ['libc6_a', 'libc6_b'], sha256, size: 1 },
    { kind: 'slice', name: 'libc6_libs' },
  ];
  const sound = zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

  test('lists packages and their files', async () => {
    const digest = `sha256:${sha256}`;
    expect(await factsOf(chiselReader, path, sound)).toEqual([
      {
        kind: 'package',
        path,
        type: 'deb',
        name: 'libc6',
        version: '2.39-0ubuntu8.4',
        purl: 'pkg:deb/libc6@2.39-0ubuntu8.4?arch=amd64',
        foundBy: 'database',
        state: 'installed',
        architecture: 'amd64',
      },
      {
        ...{ kind: 'ownership', path, type: 'deb', name: 'libc6' },
        files: [{ path: 'usr/lib' }, { path: 'etc/x', digest }, { path: 'etc/y', digest }],
      },
      {
        ...{ kind: 'ownership', path, type: 'deb', name: 'base-files' },
        files: [{ path: 'usr/lib' }],
      },
    ]);
  });

  test('that is truncated, of another format or of a later version is unknown', async () => {
    const short = zstdCompressSync(`${JSON.stringify(lines[0])}\n[1]\n{"kind":"package"}\n`);
    const facts = ofKind(await factsOf(chiselReader, path, short), 'diagnostic');
    expect(facts.map(({ reason }) => reason)).toEqual(['damaged', 'damaged', 'damaged']);
    for (const bytes of ['', 'x', sound.subarray(0, 50), zstdCompressSync('{"jsonwall":"2.0"}')]) {
      expect(await factsOf(chiselReader, path, bytes)).toMatchObject([{ kind: 'diagnostic' }]);
    }
    const junk = zstdCompressSync(`{"jsonwall":"1.0"}\n${'{\n'.repeat(100_000)}`);
    const said = ofKind(await factsOf(chiselReader, path, junk), 'diagnostic');
    expect(said.at(-1)?.detail).toBe('more than 1000 lines are not records');
    const bomb = zstdCompressSync(Buffer.alloc(chiselReader.maxBytes + 1));
    expect(await factsOf(chiselReader, path, bomb)).toMatchObject([{ reason: 'too_large' }]);
  });

  test('never crashes a reader', async () => {
    await neverCrashes(chiselReader, path, sound);
  });
});
