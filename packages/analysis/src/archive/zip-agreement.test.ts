import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { zipArchive, zipLimits } from './testing/zip-samples.ts';
import { readMember, readZip } from './zip.ts';

const run = promisify(execFile);
/** Without a locale, unzip fails on names that are not ASCII. */
const utf8 = { ...process.env, LC_ALL: 'C.UTF-8' };
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-zip-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Makes archives of many kinds and lists them as Python reads them. */
const makeAndList = `
import json, os, random, sys, zipfile, io
place, count = sys.argv[1], int(sys.argv[2])
lists = []
for seed in range(count):
    chance = random.Random(seed)
    buffer = io.BytesIO()
    buffer.write(b'#!/bin/sh\\n' * chance.randrange(3))
    with zipfile.ZipFile(buffer, 'a', allowZip64=True) as archive:
        archive.comment = b'c' * chance.randrange(100)
        for at in range(chance.randrange(1, 30)):
            name = chance.choice(['a/%d', 'b%d.class', 'ü/%d', '日本%d', 'dir%d/']) % at
            info = zipfile.ZipInfo(name)
            info.compress_type = chance.choice([0, 8])
            info.external_attr = chance.choice([0o100644, 0o100755, 0o120777]) << 16
            content = chance.randbytes(chance.randrange(9)) * chance.randrange(3000)
            content = b'' if name.endswith('/') else content
            with archive.open(info, 'w', force_zip64=chance.random() < 0.3) as out:
                out.write(content)
    path = os.path.join(place, '%d.zip' % seed)
    open(path, 'wb').write(buffer.getvalue())
    with zipfile.ZipFile(path) as archive:
        lists.append([[m.filename, m.file_size, m.compress_size, m.CRC, m.compress_type,
            m.external_attr >> 16 & 0o7777, m.header_offset] for m in archive.infolist()])
print(json.dumps(lists))
`;

test('archives of Python are read as by Python and unzip', async () => {
  const { stdout } = await run('python3', ['-c', makeAndList, directory, '40']);
  const lists = JSON.parse(stdout) as unknown[];
  for (const [seed, list] of lists.entries()) {
    const file = join(directory, `${seed}.zip`);
    const archive = readZip(await readFile(file), zipLimits);
    const read = archive.members.map((member) => [
      ...[member.path, member.sizeBytes, member.compressedBytes, member.crc32, member.method],
      ...[member.mode, member.offset],
    ]);
    expect(read).toEqual(list);
    expect(archive.notes).toEqual([]);
    for (const member of archive.members) {
      expect(crc32(readMember(archive, member, 1_000_000))).toBe(member.crc32);
    }
    if (seed < 5) await run('unzip', ['-qq', '-t', file], { env: utf8 });
  }
});

test('archives of the tests are accepted by Python and unzip', async () => {
  const file = join(directory, 'own.zip');
  const samples = [
    { path: 'plain', content: 'text', method: 0 },
    { path: 'deflated', content: 'text '.repeat(99) },
    { path: 'later', content: 'text', sizesFollow: true },
    { path: 'large', content: 'text', zip64: true },
  ];
  await writeFile(file, zipArchive(samples, { zip64: true, comment: Buffer.from('hello') }));
  await run('unzip', ['-qq', '-t', file], { env: utf8 });
  const program = 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())';
  expect((await run('python3', ['-c', program, file])).stdout).toBe('None\n');
});
