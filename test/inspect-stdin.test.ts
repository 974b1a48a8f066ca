/**
 * `docker save app | lazaret inspect -`: an archive from a real pipe has the same result as its
 * file.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { inspectionReport } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage, type BuiltImage } from '../packages/analysis/src/testing/image-builder.ts';
import {
  newDockerFiles,
  ociFiles,
  oldDockerFiles,
  packFiles,
} from '../packages/analysis/src/testing/write-image.ts';
import {
  startOnTerminal,
  startProgram,
  startShell,
  type Finished,
} from '../packages/cli/src/testing/spawn-program.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-stdin-'));
  await mkdir(join(home, 'aside'));
});
afterAll(() => rm(home, { recursive: true }));

async function image(name: string): Promise<BuiltImage> {
  const entries = [{ path: name, content: Buffer.from(name) }];
  return buildImage({ layers: [{ entries }], names: [`lab.example/${name}:1`] });
}

async function shell(line: string): Promise<Finished> {
  const variables = { TMPDIR: join(home, 'aside'), DOCKER_HOST: 'unix:///no/such/socket' };
  return startShell(line, { home, variables }).finished;
}

async function save(name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(home, name), bytes);
}

test('archives of every kind are read from a pipe, without leftovers', async () => {
  const app = await image('app');
  await save('old.tar', await packFiles(oldDockerFiles([app])));
  await save('new.tar', await packFiles(newDockerFiles([app])));
  await save('oci.tar.gz', gzipSync(await packFiles(ociFiles([app]))));
  for (const [file, word, kind] of [
    ['old.tar', '-', 'docker-archive'],
    ['new.tar', 'docker-archive:-', 'docker-archive'],
    ['oci.tar.gz', 'oci-archive:-', 'oci-archive'],
  ] as const) {
    const words = `--no-cache --files --output json`;
    const { exitCode, stdout, stderr } = await shell(
      `cat ${file} | lazaret inspect ${word} ${words}`,
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    const report = inspectionReport.parse(JSON.parse(stdout));
    expect(report.source).toMatchObject({ kind, reference: word });
    expect(report.files?.map(({ path }) => path)).toEqual(['app']);
    expect(report.layers[0]?.diffId).toBe(app.layers[0]?.diffId);
  }
  expect(await readdir(join(home, 'aside'))).toEqual([]);
});

test('one image of several is selected by its name', async () => {
  await save('two.tar', await packFiles(newDockerFiles([await image('one'), await image('two')])));
  const words = '--no-cache --output json';
  const { stdout } = await shell(
    `cat two.tar | lazaret inspect docker-archive:-:lab.example/two:1 ${words}`,
  );
  expect(inspectionReport.parse(JSON.parse(stdout)).image?.names).toEqual(['lab.example/two:1']);
});

test('empty, truncated and invalid archives on standard input are errors', async () => {
  await save('app.tar', await packFiles(newDockerFiles([await image('app')])));
  const empty = await shell('lazaret inspect - </dev/null');
  expect(empty).toMatchObject({
    exitCode: 13,
    stderr: expect.stringContaining('standard input is empty'),
  });
  const broken = await shell('head -c 700 app.tar | lazaret inspect -');
  expect(broken).toMatchObject({ exitCode: 13, stderr: expect.stringContaining('archive ends') });
  const text = await shell('yes | head -c 2000 | lazaret inspect -');
  expect(text).toMatchObject({ exitCode: 13, stderr: expect.stringContaining('invalid archive') });
});

test('standard input from a terminal is refused with an example', async () => {
  const { exitCode, stdout } = await startOnTerminal(['inspect', '-'], { home }).finished;
  expect(exitCode).toBe(2);
  expect(stdout).toContain('docker save app | lazaret inspect -');
});

test('Ctrl-C interrupts a pipe that delivers nothing', async () => {
  // Reports the spooling, which starts with the first bytes.
  const trace = join(home, 'trace.mjs');
  await writeFile(
    trace,
    "import { syncBuiltinESMExports } from 'node:module';\n" +
      "import promises from 'node:fs/promises';\n" +
      'const { unlink } = promises;\n' +
      'promises.unlink = async (path) => {\n' +
      '  await unlink(path);\n' +
      "  process.stderr.write('spooled\\n');\n" +
      '};\n' +
      'syncBuiltinESMExports();\n',
  );
  const started = startProgram(['inspect', '-'], {
    home,
    variables: { NODE_OPTIONS: `--import ${pathToFileURL(trace).href}` },
  });
  started.child.stdin?.write(Buffer.alloc(1024));
  await started.shown('spooled');
  started.child.kill('SIGINT');
  expect((await started.finished).exitCode).toBe(130);
});
