/** Notifications in the console: a target is added and tested, dead letters are replayed. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startInstance, type Instance } from '../support/instance.ts';
import {
  openConsole,
  openContext,
  phone,
  signIn,
  takeScreenshot,
  wide,
  type MonitoredContext,
} from './browser.ts';
import { axeViolations, horizontalOverflow, visitPage } from './page-checks.ts';

let instance: Instance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
let receiver: Server;
let url = '';
let status = 204;
const markup = '<img src=x onerror=alert(1)>';

beforeAll(async () => {
  receiver = createServer((_, response) => {
    response.writeHead(status).end(status === 204 ? undefined : markup);
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  [instance, browser] = await openConsole(startInstance());
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, instance.url);
});

afterAll(async () => {
  await browser.close();
  await instance.close();
  receiver.close();
});

const consoleUrl = (path: string): string => `${instance.url}/console/${path}`;

async function createToken(name: string): Promise<void> {
  await instance.client.call(operations.access.tokenCreate, { body: { name } });
}

test('a target is added, and a wrong type of event is refused with the nearest name', async () => {
  await visitPage(page, consoleUrl('notifications'), 'No targets yet');
  await page.getByRole('button', { name: 'Add target' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add target' });
  await form.getByRole('textbox', { name: 'Name' }).fill('soc');
  for (const [kind, field] of [
    ['Mail', 'Recipients'],
    ['Files', 'Directory'],
    ['Webhook', 'URL'],
  ] as const) {
    await form.getByText(kind, { exact: true }).click();
    await form.getByLabel(field).first().waitFor();
  }
  const events = form.getByRole('combobox', { name: 'Events' });
  await events.fill('token.creatd');
  await events.press('Enter');
  await form.getByRole('textbox', { name: 'URL' }).fill(url);
  await form.getByRole('switch', { name: 'Allow private addresses' }).click();
  await form.getByRole('button', { name: 'Add target' }).click();
  await form.getByText('did you mean token.created?').first().waitFor();
  await events.press('Backspace');
  await events.fill('token.created');
  await events.press('Enter');
  await takeScreenshot(page, 'notification target form');
  await form.getByRole('button', { name: 'Add target' }).click();
  await page.getByRole('row', { name: /soc/ }).getByText('Healthy').waitFor();
  expect(monitored.violations).toEqual([]);
});

test('a test shows the answer of the receiver', async () => {
  await page.getByRole('button', { name: 'Test the target soc' }).click();
  await page.getByText('answered 204').waitFor();
  await page.keyboard.press('Escape');
});

test('a dead letter shows the answer as text, and is replayed', async () => {
  status = 422;
  await createToken('first');
  const row = page.getByRole('row', { name: /token\.created/ });
  await row.getByText('Dead letter').waitFor({ timeout: 20_000 });
  await row.getByText(`answered 422: ${markup}`).waitFor();
  for (const [scheme, size] of [
    ['light', wide],
    ['dark', phone],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(size);
    expect(await horizontalOverflow(page)).toBeLessThanOrEqual(0);
    await takeScreenshot(page, `notifications-${scheme}`);
  }
  expect(await axeViolations(page)).toEqual([]);
  await page.setViewportSize(wide);
  status = 204;
  await row.getByRole('button', { name: 'Replay token.created to soc' }).click();
  await row.getByText('Delivered').waitFor({ timeout: 20_000 });
  expect(monitored.violations).toEqual([]);
});

test('a failing target says why and when it is tried again, and sends at once on request', async () => {
  status = 503;
  await createToken('second');
  const row = page.getByRole('row', { name: /soc.*Failing/ });
  await row.getByText(`answered 503: ${markup}`).waitFor({ timeout: 20_000 });
  await row.getByText(/Next attempt in \d/).waitFor();
  await takeScreenshot(page, 'notifications-failing');
  status = 204;
  await row.getByRole('button', { name: 'Send now to soc' }).click();
  await page.getByRole('row', { name: /soc.*Healthy/ }).waitFor({ timeout: 20_000 });
  expect(monitored.violations).toEqual([]);
});

test('a target is removed after confirmation', async () => {
  const row = page.getByRole('row', { name: /soc.*Healthy/ });
  await row.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove soc?' });
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No targets yet').waitFor();
  expect(monitored.violations).toEqual([]);
});
