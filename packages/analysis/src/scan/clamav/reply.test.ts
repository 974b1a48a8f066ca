import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readReply } from './reply.ts';
import { defaultMaxFileBytes, parseVersion } from './version.ts';

describe('an answer to a stream', () => {
  test.each([
    ['stream: OK', { kind: 'nothing' }],
    ['stream: Win.Test.EICAR_HDB-1 FOUND', { kind: 'found' }],
    ['INSTREAM size limit exceeded. ERROR', { kind: 'partial', reason: 'too_large' }],
    ["stream: Can't allocate memory ERROR", { kind: 'error' }],
    ['stream: OK FOUND', { kind: 'found' }],
    ['stream: x OK', { kind: 'error' }],
    ['OK', { kind: 'error' }],
    ['', { kind: 'error' }],
    ['COMMAND READ TIMED OUT', { kind: 'error' }],
  ])('%j', (answer, reply) => {
    expect(readReply(answer)).toMatchObject(reply);
  });

  test.each([
    ['Heuristics.Limits.Exceeded.MaxFileSize', 'too_large'],
    ['Heuristics.Limits.Exceeded.MaxScanSize', 'too_large'],
    ['Heuristics.Limits.Exceeded.MaxFiles', 'too_many'],
    ['Heuristics.Limits.Exceeded.MaxRecursion', 'too_deep'],
    ['Heuristics.Limits.Exceeded.MaxScanTime', 'timed_out'],
    ['Heuristics.Limits.Exceeded', 'too_large'],
    ['Heuristics.Encrypted.Zip', 'encrypted'],
  ])('%s is partial, and not malware', (name, reason) => {
    expect(readReply(`stream: ${name} FOUND`)).toMatchObject({ kind: 'partial', reason });
  });

  test.each([
    ['Unix.Trojan.Mirai-1', 'malware', 'critical'],
    ['Heuristics.Broken.Executable', 'malware', 'medium'],
    ['PUA.Unix.Tool.Miner', 'dual-use', 'medium'],
  ])('%s is %s, %s', (rule, kind, severity) => {
    const reply = readReply(`stream: ${rule} FOUND`);
    expect(reply).toMatchObject({ finding: { rule, class: kind, severity } });
  });

  test('is clean in one form only', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(text.trim() !== 'stream: OK');
        expect(readReply(text).kind).not.toBe('nothing');
      }),
    );
  });
});

describe('VERSION', () => {
  test('has engine, number and time', () => {
    const version = parseVersion('ClamAV 1.4.6/27012/Wed Aug  7 08:37:38 2024');
    const databaseAtMs = Date.UTC(2024, 7, 7, 8, 37, 38);
    expect(version).toEqual({ engine: 'ClamAV 1.4.6', database: 27_012, databaseAtMs });
  });

  test.each([
    ['ClamAV 1.4.6', { engine: 'ClamAV 1.4.6' }],
    ['ClamAV 1.4.6/x/y', { engine: 'ClamAV 1.4.6' }],
    ['ClamAV 1.4.6/7/Wed Foo  7 08:37:38 2024', { engine: 'ClamAV 1.4.6', database: 7 }],
    ['COMMAND UNAVAILABLE', undefined],
    ['', undefined],
  ])('%j', (answer, version) => {
    expect(parseVersion(answer)).toEqual(version);
  });

  test('determines the default limit of file sizes', () => {
    const engines = ['ClamAV 0.104.2', 'ClamAV 0.105.0', 'ClamAV 1.4.6'];
    const sizes = engines.map((engine) => defaultMaxFileBytes(engine) / 1_024 / 1_024);
    expect(sizes).toEqual([25, 100, 100]);
  });
});
