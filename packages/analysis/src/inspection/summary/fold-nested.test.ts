// Not in the quick check: whole images are scanned in threads.
/** Findings at several levels of nesting are one finding if the inner one explains the others. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { writeTar } from '../../archive/write-tar.ts';
import type { TarInput } from '../../archive/write-tar.ts';
import { alnum } from '../../scan/secrets/testing/secret-samples.ts';
import { buildImage } from '../../testing/image-builder.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { inspect } from '../inspect.ts';
import type { GivenScannerSettings } from '../../scan/scanner-module.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-nested-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const token = `${'gh'}p_${alnum(36)}`;
const file = (path: string, content: string | Buffer): TarInput => {
  return { path, content: Buffer.from(content) };
};

async function tar(...entries: TarInput[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(entries)) pieces.push(piece);
  return Buffer.concat(pieces);
}

type Reported = readonly (readonly [path: string | undefined, alsoFoundIn: unknown])[];

async function foundIn(
  entry: TarInput,
  scanners: GivenScannerSettings = { secrets: true },
): Promise<Reported> {
  const source = memorySource(await buildImage({ layers: [{ entries: [entry] }] }));
  const options = { toolVersion: '1', now: () => 0, parallel: 0, scanners };
  const [report] = await inspect(source, options);
  return (report?.findings ?? []).map(({ path, evidence }) => [path, evidence?.['alsoFoundIn']]);
}

test('a secret in a nested tar is reported with all its archives', async () => {
  const inner = await tar(file('app.conf', `token ${token}\n`));
  const content = gzipSync(await tar(file('in.tar', inner)));
  expect(await foundIn(file('t.tgz', content))).toEqual([
    ['t.tgz!/t.tar!/in.tar!/app.conf', ['t.tgz!/t.tar!/in.tar', 't.tgz!/t.tar']],
  ]);
});

test('data of an archive outside its members remains a finding of the archive', async () => {
  // After the end of the tar, where no member is.
  const held = await tar(file('app.conf', `token ${token}\n`));
  const content = Buffer.concat([held, Buffer.from(` ${`${'gh'}p_${alnum(36, 5)}`} `.padEnd(512))]);
  expect((await foundIn(file('t.tar', content))).map(([path]) => path).toSorted()).toEqual([
    't.tar',
    't.tar',
    't.tar!/app.conf',
  ]);
});

test('a rule that matches a compressed archive is separate from its member', async () => {
  const rules = join(directory, 'rule.yar');
  await writeFile(rules, 'rule Marker { strings: $a = "the-marker" condition: $a }');
  const yara = { yaraRules: [rules] };
  const member = { path: 'the-marker.txt', content: `${'x'.repeat(999)} the-marker` };
  const paths = (reported: Reported): unknown[] => reported.map(([path]) => path).toSorted();
  expect(paths(await foundIn(file('a.zip', zipArchive([member])), yara))).toEqual([
    'a.zip',
    'a.zip!/the-marker.txt',
  ]);
  const stored = await tar(file('x', 'the-marker'));
  expect(await foundIn(file('a.tar', stored), yara)).toEqual([['a.tar!/x', ['a.tar']]]);
});

test('a rule without strings is reported for each file', async () => {
  const rules = join(directory, 'rule.yar');
  await writeFile(rules, 'rule Any { condition: filesize > 0 }');
  const reported = await foundIn(file('a.tar', await tar(file('x', 'x'))), {
    yaraRules: [rules],
  });
  expect(reported.map(([path]) => path)).toEqual(['(image configuration)', 'a.tar', 'a.tar!/x']);
});
