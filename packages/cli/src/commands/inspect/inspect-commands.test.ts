import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import type { InspectionReport } from '@lazaret/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  armReport,
  cleanReport,
  sampleReport,
} from '../../../../../test/fixtures/sample-reports.ts';
import type { ShownProgress } from './inspect-image.ts';
import { inspecting } from '../../testing/inspect-program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-inspect-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the page of a report', () => {
  it('shows the summary, then findings by severity, and marks hidden ones', async () => {
    const { stdout } = await inspecting(home, [sampleReport()]).run(['app:1.2']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('registry.example/shop/app:1.2');
    expect(lines[1]).toContain('MALICIOUS');
    for (const text of ['linux/arm64/v8', 'Debian GNU/Linux 12', '2 deb, 2 npm, 1 golang']) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain('clamav: too large to examine completely: larger than 128 MiB');
    expect(stdout.indexOf('Eicar')).toBeLessThan(stdout.indexOf('root-user'));
    expect(stdout).toContain('1 (hidden by 2)');
    expect(stdout).not.toContain('FOUND IN');
  });

  it('lists packages, files and evidence on request', async () => {
    const argv = ['app', '--packages', '--files', '--findings'];
    const { requests, run } = inspecting(home, [sampleReport()]);
    const { stdout } = await run(argv);
    for (const text of ['FOUND IN', 'opt/app/index.js', 'eval(, base64_decode(', 'line 3']) {
      expect(stdout).toContain(text);
    }
    expect(requests[0]?.files).toBe(true);
  });

  it('says when no malware scanner was configured even if coverage is complete', async () => {
    const { coverage } = cleanReport();
    const bare = { ...cleanReport(), coverage: { ...coverage, scanners: [] } };
    const { stdout } = await inspecting(home, [bare]).run(['app']);
    expect(stdout).toContain('no malware scanner configured');
    const scanned = await inspecting(home, [cleanReport()]).run(['app']);
    expect(scanned.stdout).not.toContain('no malware scanner configured');
  });

  it('counts entries, files and members of archives apart', async () => {
    const base = { mode: 0o644, uid: 0, gid: 0, mtimeMs: 0, sizeBytes: 1, layer: 0 };
    const files = [
      { ...base, path: 'srv', type: 'directory' as const },
      { ...base, path: 'srv/a.zip', type: 'file' as const },
      { ...base, path: 'srv/a.zip!/b', type: 'file' as const },
    ];
    const { stdout } = await inspecting(home, [{ ...cleanReport(), files }]).run(['a', '--files']);
    expect(stdout).toContain('2 entries, of which 1 file; 1 member of archives\n');
  });

  it('says that vulnerabilities were not checked without an advisory database', async () => {
    const { coverage } = cleanReport();
    const note =
      'note: vulnerabilities not checked: no advisory database; add --vulnerability-db FILE';
    const without = await inspecting(home, [cleanReport()]).run(['app']);
    expect(without.stdout).toContain(note);
    const [scanner] = coverage.scanners;
    const scanners = [...coverage.scanners, { ...scanner!, scanner: 'vulnerabilities', feeds: [] }];
    const report = { ...cleanReport(), coverage: { ...coverage, scanners } };
    const checked = await inspecting(home, [report]).run(['app']);
    expect(checked.stdout).not.toContain('not checked');
  });

  it('says once that --scanners none disabled scanning, whatever else was given', async () => {
    const { coverage } = cleanReport();
    const bare = {
      ...cleanReport(),
      verdict: { state: 'unscanned' as const, reasons: ['no malware scanner ran'] },
      coverage: { ...coverage, scanners: [] },
    };
    const argv = ['app', '--scanners', 'none', '--yara-rules', home];
    const { stdout } = await inspecting(home, [bare]).run(argv);
    expect(stdout).toContain(
      'UNSCANNED  not scanned for malware\nnote: scanning disabled by --scanners none;',
    );
    expect(stdout).not.toContain('add --');
    expect(stdout.match(/note:/g)).toHaveLength(1);
  });

  it('takes a missing file with the suffix of an archive as a file, and asks no registry', async () => {
    for (const name of ['nope.tar', 'nope.tgz', 'sub/nope.tar.gz']) {
      const { requests, run } = inspecting(home, [cleanReport()]);
      const { exitCode, stderr } = await run([name]);
      expect([exitCode, requests]).toEqual([7, []]);
      expect(stderr).toContain(`error: ${name}: no such file or directory`);
      expect(stderr).toContain(`docker://${name}`);
    }
  });

  it('does not count failed files as examined', async () => {
    const { coverage } = sampleReport();
    const [scanner] = coverage.scanners;
    const scanners = [{ ...scanner!, examined: 7, cached: 0, partial: 2, failed: 5 }];
    const report = sampleReport({ coverage: { ...coverage, scanners } });
    const { stdout } = await inspecting(home, [report]).run(['app']);
    expect(stdout).toMatch(/; 0 contents examined;.* 2 contents partially; 5 contents failed/);
  });

  it('shows repeated matches of a rule in a file once', async () => {
    const [finding] = sampleReport().findings;
    const findings = Array.from({ length: 99 }, (_, line) => ({ ...finding!, line }));
    const { stdout } = await inspecting(home, [sampleReport({ findings })]).run(['app']);
    expect(stdout).toContain('clamav: Eicar-Test-Signature (99 times)');
    expect(stdout).not.toContain('--findings lists all');
    const whole = await inspecting(home, [sampleReport({ findings })]).run(['app', '--findings']);
    expect(whole.stdout.match(/, line \d/g)).toHaveLength(99);
  });

  it('escapes untrusted names', async () => {
    const hostile = '\u001B[2Jx\u202Egnp\nFAKE: clean\u0007';
    const [finding] = sampleReport().findings;
    const [first] = sampleReport().packages;
    const report = sampleReport({
      source: { kind: 'directory', reference: hostile },
      image: { ...sampleReport().image!, names: [hostile] },
      findings: [{ ...finding!, path: hostile, title: hostile, rule: hostile }],
      packages: [{ ...first!, name: hostile, version: hostile, path: hostile }],
      verdict: { state: 'malicious', reasons: [hostile] },
    });
    for (const argv of [['x'], ['x', '--packages', '--findings', '--files']]) {
      const terminal = ['stdout'] as const;
      const { stdout } = await inspecting(home, [report]).run(argv, { terminal });
      // what is left is the program's own colours
      const text = stdout.replaceAll(/\u001B\[\d+m/g, '');
      expect(text).not.toMatch(/[^\P{C}\n]/u);
      expect(text).not.toMatch(/^FAKE/m);
    }
    for (const format of ['json', 'yaml', 'cyclonedx', 'spdx', 'sarif']) {
      const { stdout } = await inspecting(home, [report]).run(['x', '--output', format]);
      expect(stdout).not.toMatch(/[^\P{C}\n]/u);
    }
  });

  it('prints only the verdict and the digest with --quiet', async () => {
    const { stdout, stderr } = await inspecting(home, [cleanReport()]).run(['x', '--quiet']);
    expect(stdout).toMatch(/^clean sha256:[0-9a-f]{64}\n$/);
    expect(stderr).toBe('');
  });
});

describe('exit codes', () => {
  const { coverage } = sampleReport();
  const partial = cleanReport();
  const unscanned = { state: 'unscanned' as const, reasons: ['no malware scanner ran'] };
  const cases: readonly [string, InspectionReport, readonly string[], number][] = [
    ['clean', cleanReport(), [], 0],
    ['unscanned', { ...cleanReport(), verdict: unscanned }, [], 0],
    [
      'unscanned, and asked',
      { ...cleanReport(), verdict: unscanned },
      ['--fail-on', 'unscanned'],
      12,
    ],
    ['malicious', sampleReport(), [], 11],
    ['malicious and never', sampleReport(), ['--fail-on', 'never'], 0],
    ['incomplete', { ...partial, coverage }, [], 12],
    ['incomplete, but not asked', { ...partial, coverage }, ['--fail-on', 'malicious'], 0],
    ['findings', sampleReport(), ['--fail-on', 'critical'], 10],
    ['findings before what is missing', sampleReport(), ['--fail-on', 'high,incomplete'], 10],
    ['malicious before findings', sampleReport(), ['--fail-on', 'low,malicious'], 11],
    ['none so severe', cleanReport(), ['--fail-on', 'info'], 0],
    [
      'a hidden vulnerability',
      {
        ...cleanReport(),
        findings: sampleReport()
          .findings.filter((one) => one.class === 'vulnerability')
          .map((one) => ({ ...one, hiddenBy: 1 })),
      },
      ['--fail-on', 'low'],
      0,
    ],
  ];

  it.each(cases)('%s', async (_, report, flags, code) => {
    const { exitCode } = await inspecting(home, [report]).run(['app', ...flags]);
    expect(exitCode).toBe(code);
  });

  it.each([
    ['not_found', 7],
    ['unauthorized', 6],
    ['unreachable', 8],
    ['digest_mismatch', 13],
    ['invalid_reference', 2],
    ['constructor', 1],
  ])('a source that says %s', async (code, expected) => {
    const error = Object.assign(new Error('it is unavailable\u001B[2J'), {
      name: 'SourceError',
      code,
    });
    const { run } = inspecting(home, [], () => {
      throw error;
    });
    const { exitCode, stderr, stdout } = await run(['app']);
    expect(exitCode).toBe(expected);
    expect(stderr).toContain(String.raw`app: it is unavailable\x1b[2J`);
    expect(stdout).toBe('');
  });

  it.each([
    [['app', '--offline'], undefined, 'With --offline only archives'],
    [['app'], 'plain_http', '--plain-http HOST'],
    [['app'], 'tls', 'remove --plain-http'],
    [['app'], 'trust', '--ca FILE'],
    [['app'], 'client_certificate', '/etc/docker/certs.d/HOST'],
  ])('an unreachable source has a hint: %j, %s', async (argv, remedy, step) => {
    const facts = { name: 'SourceError', code: 'unreachable', remedy };
    const error = Object.assign(new Error('gone'), facts);
    const { run } = inspecting(home, [], () => {
      throw error;
    });
    expect((await run(argv)).stderr).toContain(step);
  });

  it('reports a missing file named by a flag like any other', async () => {
    const error = Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: 'ca.pem' });
    const { run } = inspecting(home, [], () => {
      throw error;
    });
    const { exitCode, stderr } = await run(['app']);
    expect([exitCode, stderr.includes('ca.pem: no such file or directory')]).toEqual([2, true]);
  });
});

describe('outputs', () => {
  it('writes several formats to files, and the table to standard output', async () => {
    const formats = ['json', 'yaml', 'cyclonedx', 'spdx', 'sarif', 'collector'];
    const flags = formats.flatMap((one) => ['--output', `${one}=${join(home, one)}`]);
    const { stdout, stderr } = await inspecting(home, [sampleReport()]).run(['app', ...flags]);
    expect(stderr).toBe('');
    expect(stdout).toContain('MALICIOUS');
    const read = async (name: string): Promise<string> => readFile(join(home, name), 'utf8');
    expect(JSON.parse(await read('json'))).toEqual(sampleReport());
    expect(await read('yaml')).toContain('schema: lazaret-inspection/2');
    expect(JSON.parse(await read('cyclonedx'))).toMatchObject({ specVersion: '1.6' });
    expect(JSON.parse(await read('spdx'))).toMatchObject({ spdxVersion: 'SPDX-2.3' });
    expect(JSON.parse(await read('sarif'))).toMatchObject({ version: '2.1.0' });
    const [line = ''] = (await read('collector')).split('\n');
    expect(JSON.parse(line)).toMatchObject({ Action: 'ADD', ImageMetadata: [{ Tag: '1.2' }] });
  });

  it('writes an SBOM for each platform, and one SARIF log for all', async () => {
    const reports = [sampleReport(), armReport(sampleReport())];
    const { run } = inspecting(home, reports);
    const file = join(home, 'app.cdx.json');
    const { stdout } = await run([
      'a',
      '--all-platforms',
      '-o',
      `cyclonedx=${file}`,
      '-o',
      'sarif',
    ]);
    expect((await readdir(home)).toSorted()).toEqual([
      'app.linux-arm-v7.cdx.json',
      'app.linux-arm64-v8.cdx.json',
    ]);
    expect((JSON.parse(stdout) as { runs: unknown[] }).runs).toHaveLength(2);
    const twice = inspecting(home, [sampleReport(), sampleReport()]);
    await twice.run(['two', '-o', `spdx=${join(home, 'two')}`]);
    const made = (await readdir(home)).filter((name) => name.startsWith('two'));
    expect(made.toSorted()).toEqual(['two.linux-arm64-v8', 'two.linux-arm64-v8-2']);
    const json = await run(['a', '--all-platforms', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toHaveLength(2);
  });

  it('follows LAZARET_OUTPUT', async () => {
    const variables = { LAZARET_OUTPUT: 'json' };
    const { stdout } = await inspecting(home, [sampleReport()]).run(['app'], { variables });
    expect(JSON.parse(stdout)).toEqual(sampleReport());
  });

  it('reports a file that cannot be written before printing the table', async () => {
    const flags = ['--output', `json=${join(home, 'no', 'such', 'place')}`];
    const { exitCode, stdout } = await inspecting(home, [cleanReport()]).run(['app', ...flags]);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});

describe('the request to the analysis package', () => {
  it('has safe defaults', async () => {
    const { requests, run } = inspecting(home, [cleanReport()]);
    await run(['registry.example/app']);
    expect(requests[0]).toMatchObject({
      reference: 'registry.example/app',
      platform: 'default',
      offline: false,
      files: false,
      scanners: { secrets: true },
      vulnerabilityDatabase: undefined,
      cache: { directory: join(home, '.cache/lazaret/inspect') },
      registry: {
        credentialsFile: join(home, '.docker/config.json'),
        containersAuth: [join(home, '.config/containers/auth.json')],
        dockercfg: join(home, '.dockercfg'),
        skipVerify: [],
        mirrors: {},
      },
    });
    expect(requests[0]?.scanners.clamd).toBeUndefined();
  });

  it('follows flags and variables', async () => {
    const { requests, run } = inspecting(home, [cleanReport()]);
    const names = ['a', 'b', 'bad.csv', 'rds.db', 'ca.pem', 'osv.db'] as const;
    const paths = names.map((name) => join(home, name));
    await Promise.all(paths.map((path) => writeFile(path, '')));
    const [a = '', b = '', bad = '', rds = '', ca = '', osv = ''] = paths;
    const flags = [
      ...['--platform', 'linux/arm/v7', '--offline', '--no-cache', '--yara-rules', a],
      ...['--yara-rules', b, '--deny-list', bad, '--nsrl', rds, '--ca', ca],
      ...['--insecure-registry', 'lab:5000', '--mirror', 'docker.io=mirror.example:5000'],
      ...['--max-parallel', '1', '--max-layer-time', '10m', '--vulnerability-db', osv],
      ...['--clamd-database', home],
    ];
    const variables = { LAZARET_CLAMD: '/run/clamd', DOCKER_CONFIG: '/etc/dc', NO_PROXY: 'lab' };
    await run(['app', ...flags], { variables });
    expect(requests[0]).toMatchObject({
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      offline: true,
      cache: undefined,
      scanners: {
        ...{ clamd: '/run/clamd', clamdDatabase: home, yaraRules: [a, b] },
        ...{ denyLists: [bad], softwareReference: rds },
      },
      vulnerabilityDatabase: osv,
      registry: {
        skipVerify: ['lab:5000'],
        caFiles: [ca],
        credentialsFile: '/etc/dc/config.json',
        mirrors: { 'docker.io': ['mirror.example:5000'] },
        proxy: { none: 'lab' },
      },
      parallel: 1,
      timeMs: 600_000,
    });
    await run(['app', '--scanners', 'secrets', ...flags.slice(4)], { variables });
    expect(requests[1]?.scanners).toEqual({ secrets: true });
    expect(requests[1]?.vulnerabilityDatabase).toBeUndefined();
    await run(['app', '--clamd', relative('.', a)]);
    expect(requests.at(-1)?.scanners.clamd).toBe(a);
    await run(['app', '--scanners', 'none'], { variables });
    expect(requests.at(-1)?.scanners).toEqual({});
  });
});

describe('progress', () => {
  const layer = { phase: 'layer', label: 'sha256:abc\u001B[2J', state: 'examining' } as const;
  const act = (report: (progress: ShownProgress) => void): void => {
    report({ phase: 'listed', images: 1, layers: 2 });
    for (let at = 0; at < 20; at += 1) {
      report({ ...layer, index: 0, files: at, doneBytes: at * 1_000, totalBytes: 20_000 });
    }
    report({ ...layer, index: 0, state: 'done', files: 20 });
  };
  // a clock that moves whenever it is read
  const ticking = (): (() => number) => {
    let at = 0;
    return () => (at += 60);
  };

  it('draws bars on terminals and erases them', async () => {
    const terminal = ['stderr'] as const;
    const { run } = inspecting(home, [cleanReport()], act);
    const { stderr, stdout } = await run(['app'], { terminal, clock: ticking() });
    expect(stderr).toContain('layer 0 of 2');
    expect(stderr).toContain(String.raw`sha256:abc\x1b[2J`);
    expect(stderr).toMatch(/\u001B\[J$/);
    expect(stdout).toContain('CLEAN');
  });

  it.each([
    [[], []],
    [['--no-progress'], ['stderr']],
    [['--quiet'], ['stderr']],
  ] as const)('keeps standard error clean with %j on %j', async (flags, terminal) => {
    const { run } = inspecting(home, [cleanReport()], act);
    const { stderr } = await run(['app', ...flags], { terminal, clock: ticking() });
    expect(stderr).toBe('');
  });
});
