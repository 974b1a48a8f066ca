/**
 * Findings of an engine: the documented format is read, everything else is reported and not shown.
 */
import { limits } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';

import { parseFindings } from './findings.ts';

const file = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));
const format = 'lazaret-findings/1';

test('findings are read with all their fields, the most severe first', () => {
  const low = { severity: 'low', rule: 'Packed', message: 'the section .text is packed' };
  const critical = {
    ...{ severity: 'critical', rule: 'Mirai_Generic', message: 'matches a malware family' },
    ...{ evidence: '<b>/bin/busybox MIRAI</b>', path: 'usr/bin/x', offset: 4_096, line: 3 },
    ...{ sha256: 'a'.repeat(64), reference: 'https://example.org/mirai' },
  };
  expect(parseFindings(file({ format, findings: [low, critical] }))).toEqual({
    ...{ findings: [critical, low], invalid: 0, problems: [], truncated: false },
  });
});

describe('an invalid findings file is reported, and nothing is shown', () => {
  test.each<[string, Buffer, RegExp]>([
    ['not JSON', Buffer.from('{'), /^expected JSON/],
    ['not UTF-8', Buffer.from([0xff, 0xfe]), /^expected JSON/],
    ['null', file(null), /^format: expected/],
    ['another format', file({ format: 'sarif', findings: [] }), /got "sarif"/],
    ['not a list', file({ format, findings: {} }), /^findings: expected an array/],
  ])('%s', (_, bytes, problem) => {
    const parsed = parseFindings(bytes);
    expect(parsed.findings).toEqual([]);
    expect(parsed.problems[0]).toMatch(problem);
  });
});

test('invalid entries are counted and reported, the valid ones are shown', () => {
  const good = { severity: 'high', rule: 'r', message: 'm' };
  const { findings, invalid, problems } = parseFindings(
    file({ format, findings: [good, { ...good, severity: 'fatal' }, 7, { ...good, rule: '' }] }),
  );
  expect(findings).toHaveLength(1);
  expect(invalid).toBe(3);
  expect(problems[0]).toMatch(/^findings\[1\]\.severity: /);
});

test('findings beyond the limit are reported as omitted', () => {
  const one = { severity: 'info', rule: 'r', message: 'm' };
  const many = Array.from({ length: limits.findingsPerJob + 5 }, () => one);
  const { findings, problems } = parseFindings(file({ format, findings: many }));
  expect(findings).toHaveLength(limits.findingsPerJob);
  expect(problems).toEqual([
    `5 of ${many.length} findings are not read (limit ${limits.findingsPerJob})`,
  ]);
});
