/** Results and bulk operations on jobs in the console, with a real engine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { operations, type JobDetail } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { engineFolders, repository, startInstance, type Instance } from '../support/instance.ts';
import {
  openConsole,
  openContext,
  phone,
  signIn,
  takeScreenshot,
  type MonitoredContext,
} from './browser.ts';
import { axeViolations, horizontalOverflow } from './page-checks.ts';

const script = '<script>document.title="taken"</script>';
const findings = {
  format: 'lazaret-findings/1',
  findings: [
    { severity: 'low', rule: 'Suspicious_URL', message: 'Address of an unknown host' },
    {
      ...{ severity: 'critical', rule: 'Mirai_Generic', message: 'Strings of a malware family' },
      ...{ evidence: script, path: 'usr/bin/dropper', offset: 4_096 },
    },
    { severity: 'fatal', rule: 'x', message: 'not a severity' },
  ],
};
/** Writes findings, NDJSON, and an archive in an archive; the image is the base of the tests. */
const triage = {
  name: 'triage',
  image: 'lazaret/base-busybox:latest',
  shell: [
    `cat > /out/findings.json <<'END'\n${JSON.stringify(findings)}\nEND`,
    `printf '{"event":"open","path":"/etc/passwd"}\\nnot json\\n{"id":12345678901234567890}\\n' > /out/trace.ndjson`,
    `(printf '{"rows":['; seq -s , 1 70000; printf '],"last":"end of the document"}') > /out/large.json`,
    `mkdir /tmp/inner /tmp/outer`,
    `echo '${script}' > /tmp/inner/page.html`,
    `ln -s /etc/shadow /tmp/inner/link`,
    `(cd /tmp/inner && tar czf /tmp/outer/inner.tar.gz .)`,
    `(cd /tmp/outer && tar cf /out/bundle.tar .)`,
  ].join('\n'),
  input: { name: 'sample' },
  output: { artifacts: ['**'] },
  parameters: {
    schema: {
      type: 'object',
      properties: {
        depth: { type: 'integer', title: 'Depth', minimum: 1, maximum: 9, default: 3 },
      },
    },
  },
  resources: { memory: '64MiB' },
  timeLimit: '30s',
};

let instance: Instance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
let jobs: { triage: JobDetail; strings: JobDetail };

beforeAll(async () => {
  const engines = [engineFolders.strings, engineFolders.hostile];
  [instance, browser] = await openConsole(startInstance({ engines }));
  await instance.client.call(operations.engines.add, { body: { manifest: triage as never } });
  const sample = await readFile('/bin/ls');
  jobs = { triage: await run('triage', sample), strings: await run('strings', sample) };
});
afterAll(async () => {
  await browser.close();
  await instance.close();
});
beforeEach(async () => {
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, instance.url);
});
afterEach(async () => {
  await monitored.context.close();
  expect(monitored.violations).toEqual([]);
});

async function run(engine: string, body: Uint8Array): Promise<JobDetail> {
  const { client } = instance;
  const query = { name: 'sample.bin' };
  const { sha256 } = await client.call(operations.artifacts.upload, { query, body: body as never });
  const submission = { engine, inputs: [{ sha256, name: 'sample.bin' }], tags: ['results'] };
  const { id } = await client.call(operations.jobs.submit, { body: submission });
  const params = { id };
  return client.call(operations.jobs.show, { params, query: { waitSeconds: 50 } });
}

const open = (path: string): Promise<unknown> => page.goto(`${instance.url}/console/${path}`);

async function expectReadable(name: string): Promise<void> {
  expect(await axeViolations(page), name).toEqual([]);
  await takeScreenshot(page, name);
  await page.setViewportSize(phone);
  expect(await horizontalOverflow(page), `${name} on a phone`).toBeLessThanOrEqual(0);
  await takeScreenshot(page, `${name} phone`);
}

describe('a result', () => {
  test('an archive is a tree, archives in it too, and markup in it is text', async () => {
    await open(`jobs/${jobs.triage.id}?tab=result`);
    await page.getByRole('button', { name: 'Preview bundle.tar' }).click();
    await page.getByRole('treeitem', { name: /inner\.tar\.gz/ }).click();
    await page.getByRole('button', { name: 'Open this archive' }).click();
    await page.getByRole('treeitem', { name: /\/etc\/shadow/ }).waitFor();
    await page.getByRole('treeitem', { name: /page\.html/ }).click();
    await page.getByText(script).waitFor();
    expect(await page.title()).not.toContain('taken');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: /Download .*page\.html/ }).click();
    const saved = await readFile(await (await download).path(), 'utf8');
    expect(saved.trim()).toBe(script);
    await expectReadable('result archive');
  });

  test('NDJSON is a tree with the lines that are not JSON, and keeps long numbers', async () => {
    await open(`jobs/${jobs.triage.id}?tab=result`);
    await page.getByRole('button', { name: 'Preview trace.ndjson' }).click();
    await page.getByText('not JSON:', { exact: false }).waitFor();
    await page.getByLabel('Search keys and values').fill('1234567890123');
    await page.getByLabel('Search keys and values').press('Enter');
    await page.getByRole('treeitem', { name: /12345678901234567890/ }).waitFor();
    await page.getByText('.id', { exact: true }).waitFor();
    await expectReadable('result ndjson');
  });

  test('a large JSON document is a tree, and a preview but no download in the audit log', async () => {
    const large = jobs.triage.artifacts.find(({ path }) => path === 'large.json');
    expect(large?.sizeBytes).toBeGreaterThan(300_000);
    await open(`jobs/${jobs.triage.id}?tab=result`);
    await page.getByRole('button', { name: 'Preview large.json' }).click();
    await page.getByRole('treeitem', { name: /end of the document/ }).waitFor();
    const query = { subject: large?.sha256 ?? '' };
    // The browser asks only for what it has not cached yet.
    await expect
      .poll(async () => {
        const { items } = await instance.client.call(operations.events.auditList, { query });
        const bytes = items.reduce((sum, { data }) => sum + Number(data['bytes']), 0);
        return { types: [...new Set(items.map(({ type }) => type))], bytes };
      })
      .toEqual({ types: ['artifact.previewed'], bytes: large?.sizeBytes });
    await open('audit');
    await page.getByText('artifact.previewed').first().waitFor();
    await expectReadable('audit previews');
  });

  test('strings are a table with kinds, a filter, and the entropy of the file', async () => {
    await open(`jobs/${jobs.strings.id}?tab=result`);
    await page.getByRole('img', { name: /^Entropy by block/ }).waitFor();
    await page.getByLabel('Part of a string').fill('ld-linux');
    await page.getByText('/lib64/ld-linux-x86-64.so.2').first().waitFor();
    await page.getByText(/^1 string of/).waitFor();
    await page.getByRole('button', { name: 'Sort by length' }).click();
    await expectReadable('result strings');
    await page.getByText('Tree', { exact: true }).click();
    await page.getByRole('treeitem', { name: /lazaret-strings/ }).waitFor();
  });

  test('findings are a table, and entries in another format are reported as omitted', async () => {
    await open(`jobs/${jobs.triage.id}?tab=findings`);
    const rows = page.getByRole('table', { name: 'Findings' }).getByRole('row');
    await page.getByText('Strings of a malware family').waitFor();
    expect(await rows.count()).toBe(3);
    expect(await rows.nth(1).textContent()).toContain('critical');
    expect(await rows.nth(1).textContent()).toContain(script);
    await page.getByText('1 invalid finding', { exact: false }).waitFor();
    await expectReadable('findings');
  });
});

test('several files go to several engines, and an invalid parameter is not replaced', async () => {
  await open('submit?engine=triage');
  await page.getByRole('checkbox', { name: /^strings/ }).click();
  await page.locator('input[type=file]').setInputFiles('/bin/true');
  const depth = page.getByRole('textbox', { name: 'Depth' });
  await depth.fill('99');
  await page.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await page.getByText('expected at most 9').waitFor();
  await page.getByText('A parameter is not valid; nothing was submitted.').waitFor();
  expect(await depth.inputValue()).toBe('99');
  await expectReadable('submit invalid');
  await depth.fill('2');
  await page.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await expect.poll(() => page.getByRole('link', { name: 'Open job' }).count()).toBe(2);
});

test('the example for a new engine can be added and run unchanged', async () => {
  await open('engines/new');
  await page.getByRole('button', { name: 'Add engine' }).click();
  await page.getByRole('heading', { level: 1, name: 'filetype' }).waitFor();
  const job = await run('filetype', await readFile('/bin/ls'));
  expect(job.state).toBe('succeeded');
  await open(`jobs/${job.id}?tab=result`);
  await page.getByText('ELF 64-bit', { exact: false }).waitFor();
});

test('jobs are sorted on the server, selected, and run again after confirmation', async () => {
  await open('jobs?tag=results');
  await page
    .getByRole('row', { name: /sample\.bin/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Engine', exact: true }).click();
  await page.waitForURL(/sort=engine&order=asc/);
  const engines = page.locator('td[data-label="Engine"]');
  await expect.poll(async () => (await engines.allTextContents()).length).toBeGreaterThan(1);
  const shown = await engines.allTextContents();
  expect(shown).toEqual(shown.toSorted());
  await page.getByLabel('Select all rows').check();
  await expectReadable('jobs selected');
  await page.getByRole('button', { name: 'Rerun jobs' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`Rerun ${shown.length} ended jobs?`).waitFor();
  await dialog.getByRole('button', { name: 'Rerun jobs' }).click();
  await page.getByText(`${shown.length} jobs resubmitted`).waitFor();
  const { items } = await instance.client.call(operations.jobs.list, {
    query: { tag: 'results' },
  });
  expect(items).toHaveLength(shown.length * 2);
});

test('an uploaded application is listed as an archive', async () => {
  const sample = await readFile(join(repository, 'engines', 'apktool', 'sample.apk'));
  const { sha256 } = await instance.client.call(operations.artifacts.upload, {
    query: { name: 'kiosk.apk' },
    body: sample as never,
  });
  const members = await instance.client.call(operations.artifacts.members, { params: { sha256 } });
  expect(members.archive).toMatchObject({ format: 'zip', gaps: [] });
  expect(members.items.map(({ name }) => name)).toContain('classes.dex');
});
