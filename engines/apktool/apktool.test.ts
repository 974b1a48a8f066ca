import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildEngines, ensureDocker } from '@lazaret/setup';
import { runEngine, type EngineRun } from '../testing/run-engine.ts';
import { makeZip, readZip } from '../testing/zip.ts';

const MiB = 1024 * 1024;
const SAMPLE = join(import.meta.dirname, 'sample.apk');
const BUILD_TIMEOUT_MS = 10 * 60_000;
const RUN_TIMEOUT_MS = 120_000;

let socket: string;
let ended: EngineRun | undefined;

beforeAll(async () => {
  const docker = await ensureDocker();
  if (docker.socket === undefined) throw new Error(docker.advice);
  socket = docker.socket;
  await buildEngines(['apktool'], { socket });
}, BUILD_TIMEOUT_MS);

afterEach(async () => {
  await ended?.dispose();
  ended = undefined;
});

async function decode(input: Buffer | string, tmpBytes = 320 * MiB): Promise<EngineRun> {
  ended = await runEngine({
    socket,
    image: 'lazaret/engine-apktool:latest',
    command: ['/engine/run'],
    inputName: 'sample.apk',
    input,
    memoryBytes: 768 * MiB,
    tmpBytes,
  });
  return ended;
}

describe('apktool engine', { timeout: RUN_TIMEOUT_MS }, () => {
  test('decodes a real application into manifest, resources and code', async () => {
    const run = await decode(SAMPLE);

    expect(run).toMatchObject({ exitCode: 0, files: ['result.zip'] });
    const tree = readZip(await readFile(join(run.output, 'result.zip')));
    const text = (name: string): string => tree.get(name)?.toString('utf8') ?? '';
    expect(text('AndroidManifest.xml')).toContain('package="org.lazaret.sample"');
    expect(text('AndroidManifest.xml')).toContain('android.permission.INTERNET');
    expect(text('res/values/strings.xml')).toContain('Held in quarantine until it was looked at.');
    expect(text('smali/org/lazaret/sample/MainActivity.smali')).toContain(
      'The sample came ashore.',
    );
    expect(text('assets/cargo.txt')).toBe('One crate, unopened.\n');
  });

  test.each([
    ['text', Buffer.from('hello, no application here\n')],
    ['an empty file', Buffer.alloc(0)],
    ['a program', Buffer.from('\x7fELF\0\0\0\0', 'latin1')],
  ])('refuses %s', async (_name, input) => {
    const run = await decode(input);

    expect(run).toMatchObject({ exitCode: 2, files: [] });
    expect(run.stderr).toContain('not an APK: the file does not start as a ZIP archive does');
  });

  test('refuses an archive without a manifest', async () => {
    const run = await decode(makeZip('readme.txt', Buffer.from('only an archive')));

    expect(run).toMatchObject({ exitCode: 2, files: [] });
    expect(run.stderr).toContain('not an APK: the archive has no AndroidManifest.xml');
  });

  test('fails on a damaged application and leaves no partial result', async () => {
    const whole = await readFile(SAMPLE);
    const run = await decode(whole.subarray(0, whole.length / 2));

    expect(run).toMatchObject({ exitCode: 1, files: [] });
    expect(run.stderr).toContain('the file could not be decoded');
  });

  test('says that the space was too small', async () => {
    const run = await decode(SAMPLE, 16 * 1024);

    expect(run).toMatchObject({ exitCode: 3, files: [] });
    expect(run.stderr).toContain('raise resources.tmp');
  });
});
