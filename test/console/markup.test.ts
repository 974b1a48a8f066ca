/** Everything that a sample controls is shown as text: names, tags, logs and results. */
import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../support/instance.ts';
import {
  launchBrowser,
  createAdministrator,
  openContext,
  takeScreenshot,
  type MonitoredContext,
} from './browser.ts';

const script = '<script>document.title="taken"</script><img src=x onerror=alert(1)>';
const fileName = '<img src=x onerror=alert(1)>\u202e<b>gpj.exe';
const tag = '<svg onload=alert(2)>';
let instance: Instance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
let id: string;

beforeAll(async () => {
  [instance, browser] = await Promise.all([
    startInstance({ engines: [engineFolders.hostile] }),
    launchBrowser(),
  ]);
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await createAdministrator(page, instance.setupLink);
  const { client } = instance;
  const body = new TextEncoder().encode('markup\n');
  const { sha256 } = await client.call(operations.artifacts.upload, {
    query: { name: fileName },
    body,
  });
  const inputs = [{ sha256, name: fileName }];
  const submission = { engine: 'hostile', inputs, tags: [tag] };
  ({ id } = await client.call(operations.jobs.submit, { body: submission }));
  const ended = await client.call(operations.jobs.show, {
    params: { id },
    query: { waitSeconds: 50 },
  });
  expect(ended.state).toBe('succeeded');
});

afterAll(async () => {
  await browser.close();
  await instance.close();
});

/** Fails if the sample created elements. */
async function expectOnlyText(): Promise<void> {
  const injected = await page.evaluate(
    () => document.querySelectorAll('#root img, #root script, #root svg[onload], #root b').length,
  );
  expect(injected).toBe(0);
  expect(await page.title()).not.toContain('taken');
  expect(monitored.violations).toEqual([]);
}

/** Names of the artifacts whose download is in the audit log. */
async function downloads(): Promise<unknown[]> {
  const { client } = instance;
  const { items } = await client.call(operations.events.auditList, {});
  return items.filter(({ type }) => type === 'artifact.downloaded').map(({ data }) => data['name']);
}

test.each(['', 'jobs', 'audit'])('markup in names and tags is text on page "%s"', async (path) => {
  await page.goto(`${instance.url}/console/${path}`);
  if (path === 'audit') await page.getByRole('row', { name: 'job.submitted' }).waitFor();
  else await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  await expectOnlyText();
});

test('the job page shows a bidi override in the name as an escape', async () => {
  await page.goto(`${instance.url}/console/jobs/${id}`);
  const heading = page.getByRole('heading', { level: 1 });
  await heading.waitFor();
  expect(await heading.textContent()).toBe(
    String.raw`<img src=x onerror=alert(1)>\u202e<b>gpj.exe`,
  );
  expect(await page.title()).toContain(String.raw`\u202e`);
  await page.getByRole('link', { name: tag }).waitFor();
  await expectOnlyText();
});

test('the log shows markup as text, renders colours, and escapes other sequences', async () => {
  await page.goto(`${instance.url}/console/jobs/${id}?tab=log`);
  const log = page.getByRole('log');
  await log.getByText(script).first().waitFor();
  const content = (await log.textContent()) ?? '';
  expect(content).toContain(script);
  expect(content).toContain(String.raw`\x1b[2J`);
  expect(content).toContain(String.raw`\x1b]8;;http://127.0.0.1/\x07link`);
  expect(content).toContain(String.raw`user\u202egpj.exe`);
  expect(content).not.toContain('\u001b');
  expect(await log.locator('.ansi-fg-1', { hasText: /^red$/ }).count()).toBeGreaterThan(0);
  expect(await log.locator('a').count()).toBe(0);
  await takeScreenshot(page, 'job-markup');
  await expectOnlyText();
});

test('result files are previewed as text and downloaded as attachments', async () => {
  await page.goto(`${instance.url}/console/jobs/${id}?tab=result`);
  await page.getByRole('button', { name: 'Preview page.html' }).click();
  const preview = page.getByLabel('Preview of page.html');
  await preview.getByText(script).waitFor();
  expect(await preview.locator('*').count()).toBe(0);
  await expectOnlyText();
  expect(await downloads(), 'a preview is not a download in the audit log').toEqual([]);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download page.html' }).click();
  expect((await download).suggestedFilename()).toContain('page');
  await expect.poll(downloads).toEqual(['page.html']);
  expect(page.url()).toContain(`/jobs/${id}`);
  await page.getByRole('tab', { name: 'Raw' }).click();
  await page.getByLabel('The job as JSON').waitFor();
  await expectOnlyText();
});
