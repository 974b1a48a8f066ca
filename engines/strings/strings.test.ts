import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildEngines, ensureDocker } from '@lazaret/setup';
import { runEngine, type EngineRun } from '../testing/run-engine.ts';

const MiB = 1024 * 1024;
const BUILD_TIMEOUT_MS = 10 * 60_000;
const RUN_TIMEOUT_MS = 120_000;
const SAMPLE_APK = join(import.meta.dirname, '..', 'apktool', 'sample.apk');

interface FoundString {
  readonly offset: number;
  readonly encoding: string;
  readonly text: string;
  readonly lengthChars?: number;
}

interface StringsResult {
  readonly format: string;
  readonly sizeBytes: number;
  readonly type: { readonly mime: string | null; readonly description: string | null };
  readonly hashes: Record<string, string>;
  readonly entropy: {
    readonly bitsPerByte: number;
    readonly windowBytes: number;
    readonly windows: readonly number[];
  };
  readonly strings: {
    readonly found: number;
    readonly truncated: boolean;
    readonly items: readonly FoundString[];
  };
}

let socket: string;
let scratch: string;

beforeAll(async () => {
  const docker = await ensureDocker();
  if (docker.socket === undefined) throw new Error(docker.advice);
  socket = docker.socket;
  scratch = await mkdtemp(join(tmpdir(), 'lazaret-strings-test-'));
  await buildEngines(['strings'], { socket });
}, BUILD_TIMEOUT_MS);

afterAll(() => rm(scratch, { recursive: true, force: true }));

async function start(
  input: Buffer | string,
  parameters: Record<string, unknown> | undefined,
  memoryBytes: number,
): Promise<EngineRun> {
  return runEngine({
    socket,
    image: 'lazaret/engine-strings:latest',
    command: ['/usr/bin/python3', '-I', '-B', '/engine/run.py'],
    inputName: 'sample',
    input,
    ...(parameters === undefined ? {} : { parameters }),
    memoryBytes,
    tmpBytes: 16 * MiB,
  });
}

async function analyse(
  input: Buffer | string,
  parameters?: Record<string, unknown>,
  memoryBytes: number = 256 * MiB,
): Promise<StringsResult> {
  const run = await start(input, parameters, memoryBytes);
  try {
    expect(run).toMatchObject({ exitCode: 0, stderr: '', files: ['result.json'] });
    return JSON.parse(await readFile(join(run.output, 'result.json'), 'utf8'));
  } finally {
    await run.dispose();
  }
}

const hash = (name: string, bytes: Buffer): string => createHash(name).update(bytes).digest('hex');

/** An independent implementation of the search: the oracle of the tests. */
function expectedStrings(bytes: Buffer, minimum: number): FoundString[] {
  const text = bytes.toString('latin1');
  const single = [...text.matchAll(new RegExp(`[\\t -~]{${minimum},}`, 'g'))];
  const double = [...text.matchAll(new RegExp(`(?:[\\t -~]\\0){${minimum},}`, 'g'))];
  return [
    ...single.map((match) => ({ offset: match.index, encoding: 'ascii', text: match[0] })),
    ...double.map((match) => ({
      offset: match.index,
      encoding: 'utf-16le',
      text: match[0].replaceAll('\0', ''),
    })),
  ].toSorted((a, b) => a.offset - b.offset);
}

function entropy(bytes: Buffer): number {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / bytes.length);
  return -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}

describe('strings engine', { timeout: RUN_TIMEOUT_MS }, () => {
  test.each(['/bin/ls', '/usr/bin/env', SAMPLE_APK])('describes %s', async (file) => {
    const bytes = await readFile(file);
    const result = await analyse(file);

    expect(result).toMatchObject({ format: 'lazaret-strings/1', sizeBytes: bytes.length });
    for (const name of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(result.hashes[name]).toBe(hash(name, bytes));
    }
    expect(result.entropy.bitsPerByte).toBeCloseTo(entropy(bytes), 2);
    expect(result.entropy.windows).toHaveLength(
      Math.ceil(bytes.length / result.entropy.windowBytes),
    );
    const expected = expectedStrings(bytes, 6);
    expect(expected.length).toBeGreaterThan(0);
    expect(result.strings).toMatchObject({ found: expected.length, truncated: false });
    expect(result.strings.items).toEqual(expected);
  });

  test('detects the type of a binary and of an archive', async () => {
    expect((await analyse('/bin/ls')).type.mime).toMatch(/executable|sharedlib/);
    expect((await analyse(SAMPLE_APK)).type.description).toMatch(/Android|Zip|Java/i);
  });

  test('accepts an empty file', async () => {
    const result = await analyse(Buffer.alloc(0));

    expect(result).toMatchObject({
      sizeBytes: 0,
      entropy: { bitsPerByte: 0, windows: [] },
      strings: { found: 0, truncated: false, items: [] },
    });
    expect(result.hashes['sha256']).toBe(hash('sha256', Buffer.alloc(0)));
  });

  test('keeps markup, quotes and escapes as plain text', async () => {
    const text = '"</script><b onclick=\'x\'>\\u0000 \\" \t{"a":1}';
    const wide = Buffer.from('wide "text" \\ <i>', 'utf16le');
    const bytes = Buffer.concat([
      Buffer.from([0, 255, 27]),
      Buffer.from(text),
      Buffer.of(255),
      wide,
    ]);
    const result = await analyse(bytes);

    expect(result.strings.items.map((item) => item.text)).toEqual([text, 'wide "text" \\ <i>']);
  });

  test('agrees with the oracle on random bytes', async () => {
    const letters = randomBytes(70_000).map((byte) => (byte % 3 === 0 ? 0 : 32 + (byte % 95)));
    const bytes = Buffer.concat([randomBytes(50_000), letters]);
    const result = await analyse(bytes, { minimumLength: 3 });

    expect(result.strings.items).toEqual(expectedStrings(bytes, 3));
  });

  test('truncates long strings and long lists, and marks it', async () => {
    const long = Buffer.from('x'.repeat(10_000));
    const wide = Buffer.from('y'.repeat(10_000), 'utf16le');
    const bytes = Buffer.concat([long, Buffer.of(255), wide, Buffer.from('\0\0third\0\0fourth')]);
    const result = await analyse(bytes, { minimumLength: 5, maximumStrings: 3 });

    expect(result.strings).toMatchObject({ found: 4, truncated: true });
    const [first, second, third] = result.strings.items;
    expect(first).toMatchObject({ offset: 0, encoding: 'ascii', lengthChars: 10_000 });
    expect(first?.text).toBe('x'.repeat(2048));
    expect(second).toMatchObject({ offset: 10_001, encoding: 'utf-16le', lengthChars: 10_000 });
    expect(second?.text).toBe('y'.repeat(2048));
    expect(third?.text).toBe('third');
  });

  test('accepts a file larger than its memory', async () => {
    const file = join(scratch, 'large');
    const size = 80 * MiB;
    const handle = await open(file, 'w');
    await handle.truncate(size);
    await handle.write('at the very end', size - 15);
    await handle.close();
    const result = await analyse(file, undefined, 40 * MiB);

    expect(result.sizeBytes).toBe(size);
    expect(result.entropy.windows).toHaveLength(256);
    expect(result.strings.items).toEqual([
      { offset: size - 15, encoding: 'ascii', text: 'at the very end' },
    ]);
  });
});
