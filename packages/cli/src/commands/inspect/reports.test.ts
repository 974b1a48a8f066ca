import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  armReport,
  cleanReport,
  sampleReport,
} from '../../../../../test/fixtures/sample-reports.ts';
import type { Shell } from '../../command/command.ts';
import { commandTree } from '../../command/command-list.ts';
import { completeWords } from '../../command/complete-words.ts';
import { readEnvironment } from '../../environment.ts';
import { inspecting } from '../../testing/inspect-program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-reports-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('saved reports', () => {
  async function save(name: string, value: unknown): Promise<string> {
    const path = join(home, name);
    await writeFile(path, JSON.stringify(value));
    return path;
  }

  it('are converted, from a file or from standard input', async () => {
    const path = await save('app.json', sampleReport());
    const { run } = inspecting(home, []);
    const first = await run(['convert', path, '--output', 'sarif']);
    const stdin = await readFile(path);
    const second = await run(['convert', '-', '--output', 'sarif'], { stdin });
    const third = await run(['convert', path, '--fail-on', 'never']);
    expect(JSON.parse(first.stdout)).toMatchObject({ version: '2.1.0' });
    expect(second.exitCode).toBe(11);
    expect((JSON.parse(second.stdout) as { runs: unknown[] }).runs).toHaveLength(1);
    expect([third.exitCode, third.stdout.includes('Took')]).toEqual([0, false]);
  });

  it('are rejected if invalid, with the field that is wrong', async () => {
    const { verdict: _, ...rest } = sampleReport();
    const { run } = inspecting(home, []);
    const broken = await run(['convert', await save('broken.json', rest)]);
    expect(broken.stderr).toContain('verdict');
    await writeFile(join(home, 'text'), 'not json');
    const text = await run(['convert', join(home, 'text')]);
    const lost = await run(['convert', join(home, 'lost')]);
    expect([broken.exitCode, text.exitCode, lost.exitCode]).toEqual([2, 2, 2]);
  });

  it('are compared with one another and with images', async () => {
    const report = sampleReport();
    const old = await save('old.json', report);
    const now = await save('now.json', {
      ...report,
      packages: report.packages.map((one) =>
        one.name === 'libc6' ? { ...one, version: '2.36-10' } : one,
      ),
      findings: report.findings.slice(1),
    });
    const { run, requests } = inspecting(home, [report]);
    const { stdout, exitCode } = await run(['diff', old, now]);
    expect(stdout).toMatch(/~ +deb +libc6 +2\.36-9 -> 2\.36-10/);
    expect(stdout).toMatch(/- +critical +clamav: Eicar-Test-Signature/);
    expect(stdout).toContain('note: partial coverage of the first image (1 gap)');
    expect(exitCode).toBe(0);
    expect((await run(['diff', old, now, '--exit-code'])).exitCode).toBe(10);
    const same = await run(['diff', 'app:1', old, '--exit-code']);
    expect(same.stdout).toContain('No differences');
    expect(same.exitCode).toBe(0);
    expect(requests.map(({ reference, files }) => [reference, files])).toEqual([['app:1', true]]);
    const json = await run(['diff', old, now, '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ packages: { changed: [{ name: 'libc6' }] } });
  });

  it('are not comparable where a scanner was used for one of them only', async () => {
    const report = sampleReport();
    const old = await save('scanned.json', report);
    const coverage = { ...report.coverage, scanners: [] };
    const now = await save('unscanned.json', {
      ...report,
      coverage,
      findings: report.findings.filter(({ scanner }) => scanner !== 'clamav'),
    });
    const { run } = inspecting(home, []);
    const { stdout, exitCode } = await run(['diff', old, now, '--exit-code']);
    expect(stdout).toContain('not comparable: clamav findings: scanner not used (second image)');
    expect(stdout).toMatch(/\? +critical +clamav: Eicar-Test-Signature .* +first image only/);
    expect(stdout).not.toMatch(/^- +critical/m);
    expect(exitCode).toBe(12);
    const json = await run(['diff', old, now, '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      findings: { gone: [], notComparable: { before: [{ rule: 'Eicar-Test-Signature' }] } },
      notComparable: [{ part: 'findings', scanner: 'clamav', reason: 'scanner_not_used' }],
    });
  });

  it('of several platforms are compared by platform', async () => {
    const several = await save('all.json', [sampleReport(), armReport(sampleReport())]);
    const { run } = inspecting(home, [armReport(sampleReport())]);
    const { stdout } = await run(['diff', several, several]);
    expect(stdout.match(/No difference/g)).toHaveLength(2);
    const one = await run([
      'diff',
      several,
      await save('one.json', [sampleReport()]),
      '--exit-code',
    ]);
    expect(one.stderr).toBe('note: linux/arm/v7 is only in the first image\n');
    expect(one.exitCode).toBe(10);
    const two = await save('two.json', [sampleReport(), cleanReport()]);
    const same = await save('same.json', [sampleReport(), sampleReport()]);
    expect((await run(['diff', same, two])).stderr).toContain(
      'contains several images for linux/arm64',
    );
    const none = await save('none.json', [{ ...cleanReport(), image: undefined }]);
    expect((await run(['diff', several, none])).stderr).toContain('no platform in common');
  });

  it('have a schema that the program prints', async () => {
    const { stdout } = await inspecting(home, []).run(['schema']);
    const published = new URL('../../../../../docs/inspection-report.schema.json', import.meta.url);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(published, 'utf8')));
  });
});

describe('completion', () => {
  const shell = { environment: readEnvironment({}) } as Shell;
  it.each([
    [
      ['inspect', ''],
      ['diff', 'convert', 'advisories', 'readers', 'schema', ':file'],
    ],
    [
      ['inspect', 'di'],
      ['diff', ':file'],
    ],
    [
      ['inspect', 'app.tar', '--all'],
      ['--all-platforms', '--allow-list'],
    ],
    [['inspect', 'diff', 'a', ''], [':file']],
  ])('of %j offers %j', async (words, expected) => {
    const lines = await completeWords({ shell, tree: commandTree }, words);
    expect(lines.map((line) => line.split('\t')[0]).toSorted()).toEqual(expected.toSorted());
  });
});
