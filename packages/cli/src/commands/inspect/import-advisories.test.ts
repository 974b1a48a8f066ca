import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { InspectionReport } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { runInside } from '../../testing/run-program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-advisories-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const advisory = {
  id: 'DEBIAN-CVE-2099-0001',
  modified: '2026-01-02T03:04:05Z',
  summary: 'Invented for this test',
  upstream: ['CVE-2099-0001'],
  affected: [
    {
      package: { ecosystem: 'Debian:12', name: 'thing' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2:1.0-2' }] }],
    },
  ],
};

async function writeRoot(): Promise<string> {
  const root = join(home, 'root');
  await mkdir(join(root, 'var/lib/dpkg'), { recursive: true });
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
  const fields = 'Status: install ok installed\nVersion: 2:1.0-1~deb12u1\nArchitecture: all\n';
  await writeFile(join(root, 'var/lib/dpkg/status'), `Package: thing\n${fields}\n`);
  return root;
}

const atImport = Date.parse('2026-01-10T00:00:00Z');
const dayMs = 86_400_000;

it('imports feeds, and packages of an inspected directory are matched with them', async () => {
  const feed = join(home, 'feed.json');
  const database = join(home, 'advisories.db');
  await writeFile(feed, JSON.stringify(advisory));
  const words = ['inspect', 'advisories', feed, '--to', database];
  const imported = await runInside(words, { home, now: atImport });
  expect(imported.exitCode).toBe(0);
  expect(imported.stdout).toContain('Advisories in the database: 1');

  const options = ['--vulnerability-db', database, '--fail-on', 'never', '--scanners'];
  const asked = ['inspect', `dir:${await writeRoot()}`, ...options, 'vulnerabilities'];
  const { stdout, stderr } = await runInside([...asked, '-o', 'json'], { home, now: atImport });
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as InspectionReport;
  expect(report.findings).toMatchObject([
    { class: 'vulnerability', purl: expect.stringContaining('pkg:deb/debian/thing@') as string },
  ]);
  expect(report.coverage).toMatchObject({
    complete: true,
    scanners: [{ scanner: 'vulnerabilities', examined: 1, partial: 0 }],
  });
  const page = await runInside(asked, { home, now: atImport });
  expect(page.stdout).toMatch(/Scanners +vulnerabilities: 1 advisories, signatures [0-9a-f]{12} /);
  expect(page.stdout).toContain('imported 2026-01-10: osv up to 2026-01-02; 1 package examined');
  const late = await runInside(asked, { home, now: atImport + 15 * dayMs });
  expect(late.stdout).toContain('osv was imported on 2026-01-10: import it again');
  const bare = await runInside(['inspect', `dir:${join(home, 'root')}`, '--scanners', 'none'], {
    home,
  });
  expect(bare.stdout).toMatch(/Scanners +none\n/);
  expect(bare.stdout).toMatch(/Coverage +complete\n/);
});

it('reports records that the import could not parse as a gap of the database', async () => {
  const feed = join(home, 'feed.ndjson');
  const database = join(home, 'advisories.db');
  await writeFile(feed, `${JSON.stringify(advisory)}\n{"id": 5}\n{"id": 6}\n`);
  const words = ['inspect', 'advisories', feed, '--to', database];
  expect((await runInside(words, { home, now: atImport })).exitCode).toBe(12);
  const asked = ['inspect', `dir:${await writeRoot()}`, '--vulnerability-db', database];
  const { stdout, exitCode } = await runInside(asked, { home, now: atImport });
  expect(exitCode).toBe(12);
  expect(stdout).toContain('2 records of feed.ndjson (osv) could not be imported');
});

it('reports malformed records, and fails if all are malformed', async () => {
  const feed = join(home, 'feed.json');
  await writeFile(feed, '{"id": 5}');
  const words = ['inspect', 'advisories', feed, '--to', join(home, 'a.db')];
  const { exitCode, stdout } = await runInside(words, { home });
  expect(stdout).toContain('1 malformed');
  expect(exitCode).toBe(1);
});

it('reports a missing feed like any other missing file', async () => {
  const words = ['inspect', 'advisories', '/no/feed', '--to', join(home, 'a.db')];
  const { exitCode, stderr } = await runInside(words, { home });
  expect([exitCode, stderr]).toEqual([2, 'error: /no/feed: no such file or directory\n']);
});

it('requires a target and a known format', async () => {
  const { stderr } = await runInside(['inspect', 'advisories', 'x'], { home });
  expect(stderr).toContain('--to');
  const words = ['inspect', 'advisories', 'x', '--to', 'y', '--format', 'oval'];
  expect((await runInside(words, { home })).stderr).toContain('osv, debian-tracker');
});
