import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { startClamd } from '../../testing/clamd.ts';
import type { TestClamd } from '../../testing/clamd.ts';
import type { Scanner } from '../scanner.ts';
import { describeScanner, subjectOf } from '../scanner.suite.ts';
import { createClamavScanner } from './scanner.ts';
import type { ClamavOptions } from './scanner.ts';
import { eicarTestFile } from './self-test.ts';

const MiB = 1024 * 1024;
const madeAtMs = Date.UTC(2026, 9, 1);
const now = (): number => madeAtMs + 86_400_000;
const eicar = eicarTestFile();
const signatures = { 'Test.Eicar': eicar, 'PUA.Test.Tool': 'an-unwanted-tool' };
const database = { number: 27_012, atMs: madeAtMs, signatures };
const scanners: Scanner[] = [];

function scannerOf(clamd: TestClamd, options: Partial<ClamavOptions> = {}): Scanner {
  const endpoint = { socketPath: clamd.socketPath };
  const scanner = createClamavScanner({ endpoint, now, ...options });
  scanners.push(scanner);
  return scanner;
}

afterEach(async () => {
  for (const scanner of scanners.splice(0)) await scanner.close();
});

describe('a clamd that reports its limits', () => {
  let clamd: TestClamd;
  let engine = '';
  beforeAll(async () => {
    const config = { StreamMaxLength: '6M', MaxFileSize: '4M', AlertEncrypted: 'yes' };
    clamd = await startClamd({ database, config, tcp: true });
    [engine = ''] = (await clamd.ask('VERSION')).split('/');
  });
  afterAll(() => clamd.stop());

  describeScanner('ClamAV', async () => ({
    scanner: scannerOf(clamd, { fileBytes: 3 * MiB }),
    bad: { bytes: eicar, rule: 'Test.Eicar.UNOFFICIAL' },
    clean: Buffer.from('nothing to see'),
    fileBytes: 3 * MiB,
    breakEngine: async () => {
      await clamd.kill();
      await clamd.start();
      await clamd.kill();
      restartLater = true;
    },
    close: async () => {
      if (restartLater) await clamd.start();
      restartLater = false;
    },
  }));
  let restartLater = false;

  test('is described with engine, number and date of its signatures', async () => {
    expect(await scannerOf(clamd).describe()).toEqual({
      engine,
      signatures: `${engine}/27012`,
      signaturesAt: '2026-10-01T00:00:00.000Z',
      limits: 'fileBytes=134217728 fileMs=120000 clamdLimits=told',
      healthy: true,
    });
  });

  test('is reached over TCP too', async () => {
    const scanner = scannerOf(clamd, { endpoint: { host: '127.0.0.1', port: clamd.port } });
    expect(await scanner.describe()).toMatchObject({ healthy: true });
    const answer = await scanner.scan(subjectOf(eicar));
    expect(answer.findings).toMatchObject([{ rule: 'Test.Eicar.UNOFFICIAL', class: 'malware' }]);
  });

  test('classifies an unwanted tool as such', async () => {
    const answer = await scannerOf(clamd).scan(subjectOf(Buffer.from('see an-unwanted-tool here')));
    const rule = 'PUA.Test.Tool.UNOFFICIAL';
    expect(answer.findings).toEqual([
      { class: 'dual-use', severity: 'medium', rule, title: `ClamAV: ${rule}` },
    ]);
  });

  test.each([
    ['its MaxFileSize', 5 * MiB, 'Heuristics.Limits.Exceeded.MaxFileSize'],
    ['its StreamMaxLength', 40 * MiB, 'StreamMaxLength'],
  ])('a file above %s is partial, and not malware', async (_, sizeBytes, detail) => {
    const answer = await scannerOf(clamd).scan(subjectOf(Buffer.alloc(sizeBytes)));
    expect(answer).toEqual({
      state: 'partial',
      findings: [],
      reason: 'too_large',
      detail: expect.stringContaining(detail),
      signatures: `${engine}/27012`,
    });
  });

  test('encrypted content is partial, and not malware', async () => {
    const locked = zipArchive([{ path: 'locked', content: eicar, flags: 1 }]);
    const answer = await scannerOf(clamd).scan(subjectOf(locked));
    expect(answer).toMatchObject({ state: 'partial', reason: 'encrypted', findings: [] });
  });

  test('accepts an OK for a large file without a previous describe call', async () => {
    const scanner = scannerOf(clamd, { maxFileBytes: 1_000 });
    const answer = await scanner.scan(subjectOf(Buffer.alloc(2_000, 'x ')));
    expect(answer).toMatchObject({ state: 'examined', findings: [] });
  });

  test('finds content across the chunks of a stream', async () => {
    const bytes = Buffer.alloc(600 * 1_024);
    eicar.copy(bytes, 256 * 1_024 - 20);
    expect((await scannerOf(clamd).scan(subjectOf(bytes))).findings).toHaveLength(1);
  });

  test('is unhealthy with stale signatures, and reports their age', async () => {
    const later = (): number => madeAtMs + 20 * 86_400_000;
    const description = await scannerOf(clamd, { now: later }).describe();
    expect(description).toMatchObject({ healthy: false });
    expect(description.problem).toContain('20 days old');
  });

  test('killed during scans: each scan is answered or fails, and later ones work', async () => {
    const scanner = scannerOf(clamd);
    await scanner.scan(subjectOf(eicar));
    const bytes = Buffer.concat([eicar, Buffer.alloc(3 * MiB, 'x ')]);
    const running = Array.from({ length: 12 }, () => scanner.scan(subjectOf(bytes)));
    await clamd.kill();
    for (const answer of await Promise.all(running)) {
      expect(['examined', 'failed']).toContain(answer.state);
      expect(answer.findings.length === 1 || answer.state === 'failed').toBe(true);
    }
    await clamd.start();
    await expect.poll(async () => (await scanner.scan(subjectOf(eicar))).findings.length).toBe(1);
  });

  test('a pooled session that ended meanwhile is replaced transparently', async () => {
    const scanner = scannerOf(clamd);
    await scanner.scan(subjectOf(eicar));
    await clamd.kill();
    await clamd.start();
    expect((await scanner.scan(subjectOf(eicar))).findings).toHaveLength(1);
  });

  test('a reload during a scan: every answer has the label of its signatures', async () => {
    const scanner = scannerOf(clamd);
    const before = (await scanner.describe()).signatures;
    const novel = Buffer.from('known since the reload only');
    const newer = { ...signatures, 'Test.Novel': novel };
    await clamd.reload({ ...database, number: 27_013, signatures: newer });
    const seen = new Set<string>();
    for (let tries = 0; tries < 2_000 && !seen.has(`${engine}/27013`); tries += 1) {
      const answer = await scanner.scan(subjectOf(novel));
      seen.add(answer.signatures);
      if (answer.signatures === before) expect(answer.findings).toEqual([]);
      if (answer.signatures === `${engine}/27013`) expect(answer.findings).toHaveLength(1);
    }
    expect([...seen]).toContain(`${engine}/27013`);
    expect((await scanner.describe()).signatures).toBe(`${engine}/27013`);
    await clamd.reload(database);
    await expect.poll(async () => (await scanner.describe()).signatures).toBe(before);
  });
});

describe('a clamd that does not report its limits', () => {
  let clamd: TestClamd;
  beforeAll(async () => {
    clamd = await startClamd({ database, config: { AlertExceedsMax: 'no', MaxFileSize: '2M' } });
  });
  afterAll(() => clamd.stop());

  test('an OK above MaxFileSize is partial, and not clean', async () => {
    const scanner = scannerOf(clamd, { maxFileBytes: 2 * MiB });
    expect((await scanner.describe()).limits).toContain('silent above 2097152');
    const hidden = Buffer.concat([Buffer.alloc(3 * MiB, 'x '), eicar]);
    const answer = await scanner.scan(subjectOf(hidden));
    expect(answer).toMatchObject({ state: 'partial', reason: 'too_large', findings: [] });
    expect(answer.detail).toContain('AlertExceedsMax');
    const small = await scanner.scan(subjectOf(hidden.subarray(-MiB)));
    expect(small).toMatchObject({ state: 'examined', findings: [{}] });
  });
});

describe('signatures', () => {
  test('an engine without any is unhealthy, not a source of clean', async () => {
    const clamd = await startClamd({
      database: { ...database, signatures: { 'X.Y': 'abcdefgh' } },
    });
    try {
      const description = await scannerOf(clamd).describe();
      expect(description).toMatchObject({ healthy: false });
      expect(description.problem).toContain('EICAR');
    } finally {
      await clamd.stop();
    }
  });

  test('signatures without a number are identified by their directory', async () => {
    const clamd = await startClamd({ database: { signatures } });
    const { databaseDirectory } = clamd;
    const long = Date.UTC(2100, 0, 1);
    const roomy = { databaseDirectory, now: () => long, staleMs: Number.MAX_SAFE_INTEGER };
    try {
      expect((await scannerOf(clamd).describe()).problem).toContain('no number');
      // Without signature files it is not the directory of this clamd.
      const elsewhere = await mkdtemp(join(tmpdir(), 'lazaret-empty-'));
      const other = await scannerOf(clamd, { ...roomy, databaseDirectory: elsewhere }).describe();
      await rm(elsewhere, { recursive: true });
      expect(other.problem).toContain('no number');
      expect(other.signaturesAt).toBeUndefined();
      const scanner = scannerOf(clamd, roomy);
      const first = await scanner.describe();
      expect(first).toMatchObject({ healthy: true });
      await clamd.reload({ signatures: { ...signatures, 'Test.More': 'something more' } });
      const second = await scanner.describe();
      expect(second.signatures).not.toBe(first.signatures);
      // Files so new that clamd may not have loaded them.
      const at = Date.parse(second.signaturesAt ?? '');
      const early = await scannerOf(clamd, { ...roomy, now: () => at + 1_000 }).describe();
      expect(early.signatures).toBe(`${second.signatures}~loading`);
    } finally {
      await clamd.stop();
    }
  });
});

describe('a server that is not clamd', () => {
  let directory = '';
  let server: Server | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lazaret-not-clamd-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  afterEach(() => server?.close());

  async function serve(onSocket: (socket: Socket) => void): Promise<number> {
    const made = createServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    server = made;
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    return (made.address() as AddressInfo).port;
  }

  function of(port: number, options: Partial<ClamavOptions> = {}): Scanner {
    const endpoint = { host: '127.0.0.1', port };
    const scanner = createClamavScanner({ endpoint, now, ...options });
    scanners.push(scanner);
    return scanner;
  }

  test('a missing socket', async () => {
    const endpoint = { socketPath: join(directory, 'none') };
    const scanner = createClamavScanner({ endpoint, now });
    expect(await scanner.describe()).toMatchObject({ healthy: false, signatures: 'unknown' });
    const answer = await scanner.scan(subjectOf(eicar));
    expect(answer).toMatchObject({ state: 'failed', reason: 'unhealthy', findings: [] });
  });

  test('one that never answers times out, and the result is partial', async () => {
    const scanner = of(await serve(() => undefined), { fileMs: 100 });
    const answer = await scanner.scan(subjectOf(eicar));
    expect(answer).toMatchObject({ state: 'partial', reason: 'timed_out', findings: [] });
  });

  test.each([
    ['closes at once', (socket: Socket) => socket.destroy()],
    ['answers with garbage', (socket: Socket) => socket.write('\xff'.repeat(300) + '\0')],
    ['answers endlessly', (socket: Socket) => socket.write('x'.repeat(200_000))],
    ['answers without a command', (socket: Socket) => socket.write('1: stream: OK\0')],
    ['answers twice', (socket: Socket) => socket.write('1: stream: OK\x002: stream: OK\0')],
    ['answers with HTTP', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('one that %s is never clean', async (_, onSocket) => {
    const scanner = of(await serve(onSocket), { fileMs: 1_000 });
    const answer = await scanner.scan(subjectOf(eicar));
    expect(['failed', 'partial']).toContain(answer.state);
    expect(answer.findings).toEqual([]);
    expect((await scanner.describe()).healthy).toBe(false);
  });

  test('a clamd with a disabled VERSION command is unhealthy', async () => {
    const port = await serve((socket) => {
      let number = 0;
      socket.on('data', (chunk) => {
        if (!chunk.includes('VERSION')) return;
        number += 1;
        socket.write(`${number}: COMMAND UNAVAILABLE\0`);
      });
    });
    const description = await of(port).describe();
    expect(description.problem).toContain('EnableVersionCommand');
  });
});
