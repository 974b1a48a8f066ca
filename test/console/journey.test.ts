/** Journey J1 in the console: drag and drop, live log, result; and related behaviour. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { operations, type JobDetail } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { engineFolders, repository, startInstance, type Instance } from '../support/instance.ts';
import {
  dropFiles,
  openConsole,
  openContext,
  signIn,
  takeScreenshot,
  type MonitoredContext,
} from './browser.ts';

const engines = [engineFolders.apktool, engineFolders.strings, engineFolders.hostile];
let instance: Instance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;

beforeAll(async () => {
  [instance, browser] = await openConsole(startInstance({ engines }));
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

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const state = (name: string): string => `.job-state [data-state="${name}"]`;

async function submitHostile(attack: string): Promise<JobDetail> {
  const { client } = instance;
  const body = text(`${attack}\n`);
  const query = { name: `${attack.split(' ', 1)[0]}.bin` };
  const { sha256, name } = await client.call(operations.artifacts.upload, { query, body });
  const inputs = [{ sha256, name }];
  return client.call(operations.jobs.submit, { body: { engine: 'hostile', inputs } });
}

test('a dropped file is submitted; its job shows log, result and containment', async () => {
  const sample = await readFile(join(repository, 'engines', 'apktool', 'sample.apk'));
  await page.getByRole('link', { name: 'Submit a file' }).first().click();
  await page.getByRole('checkbox', { name: /^apktool/ }).click();
  await dropFiles(page, [{ name: 'kiosk.apk', bytes: sample }]);
  await page.locator('.upload', { hasText: 'kiosk.apk' }).waitFor();
  await takeScreenshot(page, 'submit');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();

  await page.getByRole('heading', { level: 1, name: 'kiosk.apk' }).waitFor();
  await page.locator(state('succeeded')).waitFor();
  await page.getByRole('log').getByText(/\S/).first().waitFor();
  await page.getByText('Collect output', { exact: false }).first().waitFor();
  await takeScreenshot(page, 'job');
  await page.getByRole('tab', { name: /^Result/ }).click();
  await page.getByRole('treeitem', { name: /AndroidManifest\.xml/ }).click();
  await page.getByText('<?xml', { exact: false }).first().waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Result', exact: true }).click();
  const saved = await readFile(await (await download).path());
  expect(saved.subarray(0, 2).toString()).toBe('PK');
  await page.getByRole('tab', { name: 'Containment' }).click();
  await page.getByText('Verified').waitFor();
});

test('several files are submitted as one job each, and a file can be removed first', async () => {
  await page.goto(`${instance.url}/console/submit?engine=strings`);
  await page.getByRole('checkbox', { name: /^strings/, checked: true }).waitFor();
  const files = ['one.txt', 'two.txt', 'three.txt'].map((name) => ({ name, bytes: text(name) }));
  await dropFiles(page, files);
  await page.getByRole('button', { name: 'Remove two.txt' }).click();
  await page.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await expect.poll(() => page.getByRole('link', { name: 'Open job' }).count()).toBe(2);
  await page.getByRole('link', { name: 'Open job' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'one.txt' }).waitFor();
});

test('an upload shows its progress and can be cancelled', async () => {
  await page.goto(`${instance.url}/console/submit?engine=strings`);
  const session = await monitored.context.newCDPSession(page);
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 2 ** 20,
  });
  const buffer = Buffer.alloc(24 * 2 ** 20, 'x');
  const file = { name: 'slow.bin', mimeType: 'application/octet-stream', buffer };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('checkbox', { name: /^strings/, checked: true }).waitFor();
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByText(/Uploading [1-9]\d* %/).waitFor();
  await takeScreenshot(page, 'submit-uploading');
  await page.getByRole('button', { name: 'Cancel the upload of slow.bin' }).click();
  await page.getByText('Cancelled').waitFor();
  const { items } = await instance.client.call(operations.jobs.list, {
    query: { text: 'slow.bin' },
  });
  expect(items).toEqual([]);
});

test('a file that is too large is refused before the upload', async () => {
  await page.goto(`${instance.url}/console/submit?engine=hostile`);
  await page.getByText('Up to 1 MiB per file').waitFor();
  await dropFiles(page, [{ name: 'large.bin', bytes: new Uint8Array(2 ** 20 + 1) }]);
  await page.getByText('File too large').waitFor();
  expect(await page.locator('.upload').count()).toBe(0);
});

test('the log is live while the job runs, and the job can be cancelled', async () => {
  const { id } = await submitHostile('slow_log 400');
  await page.goto(`${instance.url}/console/jobs/${id}`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('log').getByText('line 3', { exact: true }).waitFor();
  expect(await page.locator(state('running')).count()).toBe(1);
  await page.getByRole('log').getByText('line 9', { exact: true }).waitFor();
  await page.getByLabel('Search the log').fill('line 2');
  await page.getByText(/^1 of \d+$/).waitFor();
  await page.getByRole('button', { name: 'Cancel the job' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
  await page.locator(state('cancelled')).waitFor();
  await page.getByRole('button', { name: 'Rerun' }).waitFor();
});

test('a failed job shows the reason, and a rerun creates a new job', async () => {
  const { id } = await submitHostile('memory_bomb 256');
  await page.goto(`${instance.url}/console/jobs/${id}`);
  await page.locator(state('failed')).waitFor();
  await page.getByText('Memory limit exceeded').first().waitFor();
  await takeScreenshot(page, 'job-failed');
  await page.getByRole('button', { name: 'Rerun' }).click();
  await page.getByText('Rerun of').waitFor();
  expect(page.url()).not.toContain(id);
  await page.getByRole('link', { name: id }).click();
  await page.waitForURL(`**/jobs/${id}`);
});

test('new jobs are announced and loaded on demand', async () => {
  await submitHostile('ok');
  await page.goto(`${instance.url}/console/jobs?engine=hostile`);
  const first = page.locator('tbody tr').first();
  await first.waitFor();
  const before = await first.getAttribute('data-row');
  const { id } = await submitHostile('ok');
  const newJobs = page.getByRole('button', { name: /^Show 1 new job$/ });
  await newJobs.waitFor();
  expect(await first.getAttribute('data-row')).toBe(before);
  await newJobs.click();
  await page.locator(`tbody tr[data-row="${id}"]`).waitFor();
  await page.locator(`tr[data-row="${id}"] [data-state="succeeded"]`).waitFor();
});

test('filters are written to and read from the URL', async () => {
  await page.goto(`${instance.url}/console/jobs`);
  await page.getByRole('button', { name: 'Cancelled' }).click();
  await page.waitForURL('**/jobs?state=cancelled');
  await page.getByLabel('File name, tag or SHA-256').fill('nothing-like-this');
  await page.getByText('No matching jobs').waitFor();
  expect(page.url()).toContain('text=nothing-like-this');
  await page.goto(`${instance.url}/console/jobs?state=failed&engine=hostile`);
  expect(await page.getByRole('button', { name: 'Failed' }).getAttribute('aria-pressed')).toBe(
    'true',
  );
  await page.getByRole('link', { name: 'memory_bomb.bin' }).first().waitFor();
});
