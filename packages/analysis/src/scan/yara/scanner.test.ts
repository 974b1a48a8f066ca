import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { scanLimits } from '../limits.ts';
import { describeScanner, subjectOf } from '../scanner.suite.ts';
import type { Scanner } from '../scanner.ts';
import { createYaraScanner } from './scanner.ts';
import type { YaraOptions } from './scanner.ts';

const scratchDirectory = '/dev/shm';
const native = { yara: '/usr/bin/yara', yarac: '/usr/bin/yarac', scratchDirectory };
const fileBytes = 1024 * 1024;
const rules = `
rule Evil_Marker : tool_of_tests {
  meta:
    description = "holds the \\"marker\\""
    reference = "https://example.org/marker"
    severity = "Critical"
    score = 75
  strings:
    $text = "marker-of-evil"
    $bytes = { 00 01 ?? 03 }
  condition:
    any of them
}
private rule Hidden { condition: filesize > 0 }
`;
let directory = '';
let ruleFile = '';
const scanners: Scanner[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-yara-'));
  ruleFile = await write('main.yar', rules);
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(async () => {
  for (const scanner of scanners.splice(0)) await scanner.close();
});

async function write(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

function make(options: YaraOptions): Scanner {
  const scanner = createYaraScanner(options);
  scanners.push(scanner);
  return scanner;
}

const ways: [string, Partial<YaraOptions>, RegExp][] = [
  ['as WebAssembly', {}, /^YARA-X 1\.\d+\.\d+$/],
  ['natively', { native }, /^YARA 4\.\d+\.\d+$/],
];

for (const [way, options] of ways) {
  describeScanner(`YARA ${way}`, async () => ({
    scanner: createYaraScanner({ rules: [ruleFile], fileBytes, ...options }),
    bad: { bytes: Buffer.from('here is marker-of-evil, here'), rule: 'Evil_Marker' },
    clean: Buffer.from('nothing here'),
    fileBytes,
    close: () => Promise.resolve(),
  }));
}

describe.each(ways)('YARA %s', (_, options, engine) => {
  test('a match has rule, weight, location and evidence', async () => {
    const scanner = make({ rules: [ruleFile], ...options });
    expect((await scanner.describe()).engine).toMatch(engine);
    const bytes = Buffer.concat([Buffer.from('a marker-of-evil '), Buffer.from([0, 1, 0x5c, 3])]);
    const { findings } = await scanner.scan(subjectOf(bytes));
    expect(findings).toEqual([
      {
        class: 'malware',
        severity: 'critical',
        rule: 'Evil_Marker',
        title: 'holds the "marker"',
        offset: 2,
        evidence: {
          file: 'main.yar',
          tags: ['tool_of_tests'],
          strings: ['$text at 2: marker-of-evil', '$bytes at 17: \\x00\\x01\\x5c\\x03'],
          reference: 'https://example.org/marker',
        },
      },
    ]);
  });

  test.each([
    ['score = 95', 'malware', 'critical'],
    ['score = 50', 'malware', 'medium'],
    ['severity = "low"', 'malware', 'low'],
    ['category = "hacktool"', 'dual-use', 'high'],
    ['class = "secret" score = 10', 'secret', 'low'],
    ['author = "x"', 'malware', 'high'],
  ])('metadata %s sets it to %s, %s', async (meta, kind, severity) => {
    const text = `rule R { meta: ${meta} strings: $a = "marker" condition: $a }`;
    const scanner = make({ rules: [await write('weight.yar', text)], ...options });
    const { findings } = await scanner.scan(subjectOf(Buffer.from('a marker')));
    expect(findings).toMatchObject([{ class: kind, severity }]);
  });

  test('the same name in two files is two rules; a directory includes all of its files', async () => {
    const place = join(directory, 'set');
    await mkdir(join(place, 'deeper'), { recursive: true });
    const rule = 'rule Same { strings: $a = "marker" condition: $a }';
    await writeFile(join(place, 'b.yara'), rule);
    await writeFile(join(place, 'deeper/a.yar'), rule);
    await writeFile(join(place, 'notes.txt'), 'no rules');
    const { findings } = await make({ rules: [place], ...options }).scan(
      subjectOf(Buffer.from('marker')),
    );
    expect(findings.map(({ evidence }) => evidence?.['file'])).toEqual(['b.yara', 'deeper/a.yar']);
  });

  test('other rules have other signatures', async () => {
    const first = await make({ rules: [ruleFile], ...options }).describe();
    const other = await write('other.yar', rules.replace('marker-of-evil', 'another'));
    const second = await make({ rules: [other], ...options }).describe();
    expect(first.signatures).toMatch(/^[0-9a-f]{64}$/);
    expect(second.signatures).not.toBe(first.signatures);
  });

  test.each([
    ['an unknown string', 'rule A { condition: true }\nrule B { condition: $b }', 'broken.yar:2: '],
    ['no syntax', '\n\nrule {', 'broken.yar:3: '],
    ['an include', '// first\ninclude "other.yar"', 'broken.yar:2: include'],
  ])('%s: unhealthy with file and line, and nothing is clean', async (_name, text, place) => {
    const scanner = make({ rules: [await write('broken.yar', text)], ...options });
    const description = await scanner.describe();
    expect(description.healthy).toBe(false);
    expect(description.problem?.startsWith(place), description.problem).toBe(true);
    expect(description.problem).not.toContain('\n');
    const answer = await scanner.scan(subjectOf(Buffer.from('x')));
    expect(answer).toMatchObject({ state: 'failed', findings: [] });
  });

  test('no rules at all: unhealthy', async () => {
    for (const place of [join(directory, 'none'), await mkdtemp(join(directory, 'empty-'))]) {
      expect((await make({ rules: [place], ...options }).describe()).healthy).toBe(false);
    }
  });

  test('a rule that runs forever is stopped in time, is partial, and others continue', async () => {
    const slow = `
      rule Slow {
        strings: $go = "explode"
        condition: $go and for all i in (0..1000000000000) : ( i >= 0 )
      }`;
    const files = [await write('slow.yar', slow), ruleFile];
    const scanner = make({ rules: files, fileMs: 1_500, ...options });
    const subjects = ['explode', 'marker-of-evil', 'explode', 'plain'];
    const answers = await Promise.all(
      subjects.map((text) => scanner.scan(subjectOf(Buffer.from(text)))),
    );
    expect(answers.map(({ state, reason }) => reason ?? state)).toEqual([
      ...['timed_out', 'examined', 'timed_out', 'examined'],
    ]);
    expect(answers[1]?.findings).toHaveLength(1);
    expect(answers[0]?.state).toBe('partial');
  });

  test('a million matches neither use much memory nor lose the result', async () => {
    const text = 'rule Many { strings: $a = "a" condition: #a > 10 }';
    const scanner = make({ rules: [await write('many.yar', text)], ...options });
    const answer = await scanner.scan(subjectOf(Buffer.alloc(1_000_000, 'a')));
    expect(['examined', 'partial']).toContain(answer.state);
    expect(answer.findings).toHaveLength(1);
    const strings = answer.findings[0]?.evidence?.['strings'];
    expect(strings).toHaveLength(scanLimits.yaraEvidenceStrings);
  });

  test('cancelled during a scan', async () => {
    const slow = 'rule S { condition: for all i in (0..1000000000000) : ( i >= 0 ) }';
    const scanner = make({ rules: [await write('endless.yar', slow)], ...options });
    await scanner.describe();
    const controller = new AbortController();
    const running = scanner.scan(subjectOf(Buffer.from('x')), controller.signal);
    setTimeout(() => controller.abort(), 200);
    expect(await running).toMatchObject({ state: 'failed', detail: 'the scan was cancelled' });
  });
});

describe('the native program', () => {
  test('leaves nothing in the scratch directory, and may be installed elsewhere', async () => {
    const scratch = await mkdtemp(join(directory, 'scratch-'));
    const scanner = make({ rules: [ruleFile], native: { ...native, scratchDirectory: scratch } });
    const running = scanner.scan(subjectOf(Buffer.from('marker-of-evil')));
    expect(await readdir(scratch)).toEqual([]);
    expect((await running).findings).toHaveLength(1);
    expect(await readdir(scratch)).toEqual([]);
  });

  test('when removed, it is unhealthy and its files have failed', async () => {
    const yara = join(directory, 'yara-copy');
    await copyFile(native.yara, yara);
    const scanner = make({ rules: [ruleFile], native: { ...native, yara } });
    const bad = subjectOf(Buffer.from('marker-of-evil'));
    expect((await scanner.scan(bad)).findings).toHaveLength(1);
    await rm(yara);
    expect(await scanner.describe()).toMatchObject({ healthy: false });
    expect(await scanner.scan(bad)).toMatchObject({ state: 'failed', findings: [] });
  });

  test('reads a pipe as an empty file, which is why none is used', () => {
    const script = 'printf marker-of-evil | "$0" -w "$1" /proc/self/fd/0';
    const words = ['-c', script, native.yara, ruleFile];
    const output = execFileSync('sh', words, { encoding: 'utf8' });
    expect(output).toBe('');
  });
});
