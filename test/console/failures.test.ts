/** The console when parts of it fail: streams that are refused, and data of an unexpected form. */
import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { buildImage } from '../../packages/analysis/src/testing/image-builder.ts';
import { inspectAndWait, type RegistryInstance } from '../support/registry-instance.ts';
import { openConsole, openContext, signIn, type MonitoredContext } from './browser.ts';
import { visitPage } from './page-checks.ts';
import { inspectSlowly, startWithSlowRegistry } from './slow-inspection.ts';

const { inspections } = operations;
let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;

beforeAll(async () => {
  const starting = startWithSlowRegistry();
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
});
afterAll(async () => {
  await browser.close();
  await lab.close();
});
beforeEach(async () => {
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, lab.instance.url);
});
afterEach(() => monitored.context.close());

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;
const followUrl = `**${inspections.follow.path}*`;

const tooManyRequests = {
  status: 429,
  headers: { 'retry-after': '5' },
  contentType: 'application/problem+json',
  body: JSON.stringify({ code: 'too_many_requests', detail: 'expected at most 32 open streams' }),
};

test('an inspection whose stream is refused is polled until it ends', async () => {
  const { id, digest } = await inspectSlowly(lab);
  await page.route(followUrl, (route) => route.fulfill(tooManyRequests));
  await visitPage(page, consoleUrl(`inspections/${id}`), 'Progress');
  await page.waitForURL(`**/images/${digest}*`);
});

test('a list of inspections shows progress and end while a proxy answers 502', async () => {
  const { id } = await inspectSlowly(lab);
  await page.route(followUrl, (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }));
  await visitPage(page, consoleUrl('inspections'), 'Requested by');
  const row = page.locator(`tr[data-row="${id}"]`);
  await row.getByText('Reading layers, 0 of 1').waitFor();
  await row.locator('[data-state="finished"]').waitFor();
});

test('a stream that was refused is opened again, and polling ends', async () => {
  const { id } = await inspectSlowly(lab);
  let attempts = 0;
  let polls = 0;
  await page.route(followUrl, async (route) => {
    attempts += 1;
    if (attempts > 1) return route.continue();
    return route.fulfill({ ...tooManyRequests, headers: { 'retry-after': '1' } });
  });
  page.on('request', (request) => {
    if (attempts > 1 && request.url().endsWith(`/inspections/${id}`)) polls += 1;
  });
  await visitPage(page, consoleUrl(`inspections/${id}`), 'Progress');
  await page.waitForURL('**/images/sha256:*');
  expect(attempts).toBe(2);
  expect(polls).toBe(0);
});

test('a tab with data of an unexpected form says so and keeps the other tabs', async () => {
  const image = await buildImage({
    layers: [{ entries: [{ path: 'etc/motd', content: Buffer.from('x') }] }],
  });
  lab.registry.store.putImage('lab/app', '1', image);
  await inspectAndWait(lab.instance.client, { reference: `${lab.registry.host}/lab/app:1` });
  await page.route('**/api/v1/images/*/packages*', (route) =>
    route.fulfill({ json: { items: [{ package: null }], next: null } }),
  );
  await visitPage(page, consoleUrl(`images/${image.descriptor.digest}?tab=packages`), 'Packages');
  await page.getByText('This part cannot be shown').waitFor();
  await page.getByText('The console cannot read this data').waitFor();
  expect(await page.getByText('Server unreachable').count()).toBe(0);
  await page.getByRole('tab', { name: /^Layers/ }).click();
  await page.getByRole('table', { name: 'Layers' }).waitFor();
  expect(await page.getByText('This part cannot be shown').count()).toBe(0);
});

test('an unknown page keeps the navigation', async () => {
  await visitPage(page, consoleUrl('no/such/page'), 'Page not found');
  await page.getByRole('link', { name: 'Images', exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Images' }).waitFor();
});
