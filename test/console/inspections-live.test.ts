/** Inspections in the console while they run: over one stream, without repeated requests. */
import { setTimeout as sleep } from 'node:timers/promises';

import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RegistryInstance } from '../support/registry-instance.ts';
import { openConsole, openContext, signIn, type MonitoredContext } from './browser.ts';
import { visitPage } from './page-checks.ts';
import { inspectSlowly, startWithSlowRegistry } from './slow-inspection.ts';

const { inspections } = operations;
let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
/** Requests for inspections that the page sent. */
let requests: string[];

beforeAll(async () => {
  const starting = startWithSlowRegistry();
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/v1/inspections')) requests.push(pathname);
  });
  requests = [];
  await signIn(page, lab.instance.url);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;

test('the page of an inspection shows progress and its end with two requests', async () => {
  const { id, digest } = await inspectSlowly(lab);
  requests = [];
  await visitPage(page, consoleUrl(`inspections/${id}`), 'Progress');
  await page.getByText('Reading layers, 0 of 1').waitFor();
  await page.waitForURL(`**/images/${digest}*`);
  expect(requests).toEqual([`/api/v1/inspections/${id}`, '/api/v1/inspections/follow']);
});

test('a list of inspections shows progress and the end of a row without polling', async () => {
  const { id } = await inspectSlowly(lab);
  await visitPage(page, consoleUrl('inspections'), 'Requested by');
  const row = page.locator(`tr[data-row="${id}"]`);
  await row.getByText('Reading layers, 0 of 1').waitFor();
  requests = [];
  await sleep(4_000);
  await row.locator('[data-state="finished"]').waitFor();
  // At most the check for new rows, every ten seconds.
  expect(requests.filter((path) => path !== inspections.list.path)).toEqual([]);
  expect(requests.length).toBeLessThanOrEqual(2);
});

test('the panel of active inspections follows them and empties at their end', async () => {
  const { id } = await inspectSlowly(lab);
  await visitPage(page, consoleUrl('images'), 'Active inspections');
  await page.getByText('Reading layers, 0 of 1').waitFor();
  requests = [];
  await sleep(3_000);
  expect(requests).toEqual([]);
  await page.getByText('Active inspections').waitFor({ state: 'hidden' });
  expect(requests.filter((path) => path.includes(id))).toEqual([]);
});
