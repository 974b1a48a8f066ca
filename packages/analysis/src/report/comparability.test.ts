import {
  reportDifference,
  type Coverage,
  type InspectionReport,
  type PlacedFinding,
  type ScannerCoverage,
} from '@lazaret/protocol';
import { describe, expect, it } from 'vitest';

import { sampleDigest, sampleFile, sampleReport } from '../testing/report-sample.ts';
import { GapIndex } from './comparability.ts';
import { compareReports } from './compare-reports.ts';

const yara: ScannerCoverage = {
  scanner: 'yara',
  engine: 'YARA 4.5.2',
  signatures: 'rules 1',
  healthy: true,
  examined: 3,
  cached: 0,
  partial: 0,
  failed: 0,
};
const script = sampleFile('opt/app/install.sh', 1);
const finding: PlacedFinding = {
  scanner: 'yara',
  class: 'malware',
  severity: 'critical',
  rule: 'Dropper',
  title: 'Dropper',
  signatures: 'rules 1',
  path: 'opt/app/install.sh',
  sha256: script.sha256,
  layer: 1,
};

function coverage(scanners: readonly ScannerCoverage[], gaps: Coverage['gaps'] = []): Coverage {
  const { coverage: sample } = sampleReport();
  const complete = gaps.length === 0;
  return { ...sample, complete, scanners: [...scanners], gaps, gapCount: gaps.length };
}

/** Two builds with the same malicious script; the second has another top layer. */
function build(changes: Partial<InspectionReport>): InspectionReport {
  return sampleReport({
    findings: [finding],
    files: [script],
    coverage: coverage([yara]),
    packages: [],
    ...changes,
  });
}

function compare(before: InspectionReport, after: InspectionReport) {
  return reportDifference.parse(compareReports(before, after));
}

const onlyFirst = { before: [finding], after: [] };

describe('findings are not comparable', () => {
  it.each([
    ['scanner_not_used', []],
    ['scanner_unhealthy', [{ ...yara, healthy: false }]],
    ['different_scanner_version', [{ ...yara, engine: 'YARA 4.6.0' }]],
    ['different_signatures', [{ ...yara, signatures: 'rules 2' }]],
  ] as const)('%s: a finding of the first image is not reported as gone', (reason, scanners) => {
    const after = build({ findings: [], coverage: coverage(scanners) });
    const { findings, notComparable } = compare(build({}), after);
    expect(findings).toEqual({ new: [], gone: [], moved: [], notComparable: onlyFirst });
    expect(notComparable).toEqual([
      {
        part: 'findings',
        scanner: 'yara',
        reason,
        detail: expect.stringContaining('second image'),
      },
    ]);
    const reverse = compare(after, build({}));
    expect(reverse.findings.new).toEqual([]);
    expect(reverse.findings.notComparable).toEqual({ before: [], after: [finding] });
  });

  it('names the scanner even if it found nothing on either side', () => {
    const one = build({ findings: [] });
    const { notComparable } = compare(one, { ...one, coverage: coverage([]) });
    expect(notComparable).toMatchObject([{ scanner: 'yara', reason: 'scanner_not_used' }]);
  });

  it('where the file was not examined in the other image', () => {
    const gap = { by: 'yara', reason: 'timed_out', detail: '30 s', path: finding.path } as const;
    const after = build({ findings: [], coverage: coverage([yara], [gap]) });
    const { findings, notComparable } = compare(build({}), after);
    expect(findings.notComparable).toEqual(onlyFirst);
    expect(notComparable).toEqual([
      { part: 'findings', scanner: 'yara', reason: 'partial_coverage', detail: 'second image' },
    ]);
  });

  it('where a layer is missing, also for packages and files', () => {
    const gap = { by: 'layer', reason: 'not_available', detail: 'HTTP 404', layer: 2 } as const;
    const { packages } = sampleReport();
    const before = build({ packages });
    const after = build({ findings: [], files: [], coverage: coverage([yara], [gap]) });
    const difference = compare(before, after);
    expect(difference.findings.gone).toEqual([]);
    expect(difference.packages.removed).toEqual([]);
    expect(difference.packages.notComparable.before.length).toBeGreaterThan(0);
    expect(difference.files?.removed).toEqual([]);
    expect(difference.notComparable.map(({ part }) => part)).toEqual([
      'findings',
      'packages',
      'files',
    ]);
  });

  it('of built-in checks by another version of the inspector', () => {
    const structure = { ...finding, scanner: 'structure', sha256: undefined, path: undefined };
    const before = build({ findings: [structure] });
    const after = build({ findings: [], tool: { name: 'lazaret', version: '0.2.0' } });
    const { findings, notComparable, caveats } = compare(before, after);
    expect(findings.gone).toEqual([]);
    expect(notComparable).toMatchObject([{ reason: 'different_inspector' }]);
    expect(caveats.join()).toContain('different versions of Lazaret (0.1.0, 0.2.0)');
  });
});

describe('findings are comparable in spite of different scanners', () => {
  const other = sampleReport().layers.map((layer) => ({
    ...layer,
    diffId: sampleDigest(`other ${layer.index}`),
  }));
  const unscanned = { findings: [], layers: other, coverage: coverage([]) };

  it('when the other image does not contain the file at all', () => {
    const { findings } = compare(build({}), build({ ...unscanned, files: [] }));
    expect(findings.gone).toEqual([finding]);
    expect(findings.notComparable.before).toEqual([]);
  });

  it('but not when only its path changed or its presence is unknown', () => {
    const renamed = { ...script, path: 'opt/renamed.sh' };
    const moved = compare(build({}), build({ ...unscanned, files: [renamed] }));
    expect(moved.findings.notComparable).toEqual(onlyFirst);
    const { files: _, ...bare } = build(unscanned);
    expect(compare(build({}), bare).findings.notComparable).toEqual(onlyFirst);
    const known = compareReports(build({}), bare, (side) => side !== 'after');
    expect(known.findings.gone).toEqual([finding]);
  });

  it('when the other image does not contain the package', () => {
    const { purl = '', ...one } = sampleReport().packages[0]!;
    const of = { ...finding, scanner: 'vulnerabilities', path: undefined, sha256: undefined, purl };
    const scanner = { ...yara, scanner: 'vulnerabilities' };
    const packages = [{ ...one, purl }];
    const before = build({ findings: [of], packages, coverage: coverage([scanner]) });
    expect(compare(before, build(unscanned)).findings.gone).toEqual([of]);
    const after = build({ ...unscanned, packages });
    expect(compare(before, after).findings.notComparable.before).toEqual([of]);
  });
});

describe('moves and directories', () => {
  it('reports a moved file once, with its finding', () => {
    const file = { ...script, path: 'srv/install.sh' };
    const moved = { ...finding, path: 'srv/install.sh' };
    const { findings, files } = compare(build({}), build({ findings: [moved], files: [file] }));
    expect(findings).toMatchObject({ new: [], gone: [] });
    expect(findings.moved).toEqual([{ finding: moved, from: 'opt/app/install.sh' }]);
    expect(files).toMatchObject({ added: [], removed: [], moved: [{ from: script.path }] });
  });

  it('reports a package at another path as moved', () => {
    const [one] = sampleReport().packages.filter(({ name }) => name === 'ms');
    const before = build({ packages: [one!] });
    const after = build({ packages: [{ ...one!, path: 'srv/ms/package.json' }] });
    expect(compare(before, after).packages).toMatchObject({
      added: [],
      removed: [],
      changed: [],
      moved: [{ name: 'ms', from: [one!.path], to: ['srv/ms/package.json'] }],
    });
  });

  it('names the topmost directory that was removed, with or without a separate entry', () => {
    const list = (paths: readonly string[]) =>
      paths.map((path, at) => ({ ...sampleFile(path, at), sha256: undefined }));
    const before = build({ files: list(['etc/a', 'opt/x/1', 'opt/x/y/2', 'srv/k/3']) });
    const after = build({ files: list(['etc/b', 'srv/l']) });
    expect(compare(before, after).files?.removed).toEqual([
      { path: 'etc/a' },
      { path: 'opt/x/1', directory: 'opt' },
      { path: 'opt/x/y/2', directory: 'opt' },
      { path: 'srv/k/3', directory: 'srv/k' },
    ]);
  });
});

it('finds gaps at a path, in its directories and in its archives', () => {
  const gap = { by: 'unpacking', reason: 'encrypted', detail: '' } as const;
  const index = (path?: string): GapIndex =>
    new GapIndex(
      build({ coverage: coverage([], [path === undefined ? gap : { ...gap, path }]) }),
      () => true,
    );
  expect(index('a/b.zip').covers('a/b.zip!/c')).toBe(true);
  expect(index('a/b.zip').covers('a/b.zipped')).toBe(false);
  expect(index('a').covers('a/b')).toBe(true);
  expect(index('a/b').covers(undefined)).toBe(true);
  expect(index().covers('anything')).toBe(true);
});

it('treats gaps beyond the listed ones as gaps anywhere', () => {
  const gap = { by: 'yara', reason: 'timed_out', detail: '', path: 'other' } as const;
  const limited = { ...coverage([yara], [gap]), gapCount: 2 };
  const { findings } = compare(build({}), build({ findings: [], coverage: limited }));
  expect(findings.notComparable).toEqual(onlyFirst);
});
