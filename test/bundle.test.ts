/** The two forms of `lazaret inspect`, bundle and sources, have the same output (decision 0024). */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import { newDockerFiles, packFiles } from '../packages/analysis/src/testing/write-image.ts';
import { isBuilt } from '../packages/cli/bin/is-built.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const forms = { bundle: 'packages/cli/dist/main.js', sources: 'packages/cli/src/main.ts' } as const;
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-bundle-'));
  if (!isBuilt()) await run(process.execPath, [join(root, 'tools/build-program.mjs')]);
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function inspect(form: keyof typeof forms, words: readonly string[]): Promise<string> {
  const program = [join(root, forms[form]), 'inspect', ...words];
  const { stdout } = await run(process.execPath, program, { env: { HOME: home } });
  return stdout;
}

test('the bundle built by `npm test` is up to date with the sources', () => {
  expect(isBuilt()).toBe(true);
});

test('bundle and sources report the same for an image, with threads, scanners and YARA rules', async () => {
  const rules = join(home, 'rules.yar');
  await writeFile(rules, 'rule marked { strings: $a = "quarantine me" condition: $a }');
  const status =
    'Package: curl\nStatus: install ok installed\nVersion: 8.1-1\nArchitecture: amd64\n\n';
  const image = await buildImage({
    names: ['registry.lab/shop:1'],
    layers: [
      { entries: [{ path: 'var/lib/dpkg/status', content: Buffer.from(status) }] },
      { entries: [{ path: 'opt/a', content: Buffer.from('quarantine me') }] },
    ],
  });
  const archive = join(home, 'image.tar');
  await writeFile(archive, await packFiles(newDockerFiles([image])));
  const words = [archive, '--no-cache', '--fail-on', 'never', '--output', 'json'];
  const scanned = [...words, '--yara-rules', rules];
  const bundle = await inspect('bundle', scanned);
  expect(JSON.parse(bundle)).toMatchObject({
    findings: [{ path: 'opt/a', rule: expect.stringContaining('marked') as string }],
    packages: [{ name: 'curl' }],
  });
  expect(bundle).toBe(await inspect('sources', scanned));
});

test('a source newer than the bundle is used instead of it', async () => {
  const list = join(root, 'packages/cli/dist/sources.json');
  const [first] = JSON.parse(await readFile(list, 'utf8')) as [[string, number]];
  expect(first[0]).toMatch(/^packages\//);
  const now = new Date();
  await utimes(list, now, new Date(0));
  try {
    expect(isBuilt()).toBe(false);
  } finally {
    await utimes(list, now, new Date(now.getTime() + 1));
  }
  expect(isBuilt()).toBe(true);
});
