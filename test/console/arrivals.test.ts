/**
 * Registries, arrivals and hooks in the console: a registry and a hook are added, pushes are
 * reported, dead letters replayed, tags and their history read.
 */
import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  buildApp,
  startWithRegistry,
  type RegistryInstance,
} from '../support/registry-instance.ts';
import {
  openConsole,
  openContext,
  signIn,
  takeScreenshot,
  type MonitoredContext,
} from './browser.ts';
import { expectReadable, visitPage } from './page-checks.ts';

let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
/** Where the registry reports pushes, and the value of the header with the secret. */
let hook: { readonly url: string; readonly secret: string };

beforeAll(async () => {
  const starting = startWithRegistry();
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, lab.instance.url);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;

async function report(content: unknown): Promise<void> {
  const headers = { authorization: hook.secret };
  const response = await fetch(hook.url, {
    ...{ method: 'POST', headers, body: JSON.stringify(content) },
  });
  expect(response.status).toBe(202);
}

/** Pushes to the registry, and reports it as the registry would. */
async function push(tag: string, actor: string): Promise<void> {
  const image = await buildApp(tag);
  lab.registry.store.putImage('lab/app', tag, image);
  const { digest, mediaType } = image.descriptor;
  const target = { repository: 'lab/app', tag, digest, mediaType };
  await report({ events: [{ id: tag, action: 'push', target, actor: { name: actor } }] });
}

test('a registry is added, and a wrong setting is marked where it was entered', async () => {
  await visitPage(page, consoleUrl('registries'), 'No registries yet');
  await page.getByRole('button', { name: 'Add registry' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add registry' });
  await form.getByRole('textbox', { name: 'Name' }).fill('lab');
  await form.getByRole('textbox', { name: 'Address' }).fill(lab.registry.host);
  await form.getByText('Connection').click();
  await form.getByRole('textbox', { name: 'Credentials' }).fill('mine');
  await form.getByRole('switch', { name: 'HTTP without TLS' }).click();
  await form.getByText('Pace').click();
  await form.getByRole('textbox', { name: 'Poll interval' }).fill('12h 30m');
  await takeScreenshot(page, 'registry form');
  await form.getByRole('button', { name: 'Add registry' }).click();
  await form.getByText('expected none, docker-config').waitFor();
  await form.getByRole('textbox', { name: 'Credentials' }).fill('none');
  await form.getByRole('button', { name: 'Add registry' }).click();
  await page.waitForURL('**/registries/lab');
  await page.getByText('Healthy').waitFor();
  expect(monitored.violations).toEqual([]);
});

test('a registry is checked without being asked, again after a change, and on request', async () => {
  const { client } = lab.instance;
  const call = { params: { name: 'lab' } };
  const checkedAt = async (): Promise<string> => {
    const { check } = await client.call(operations.registries.show, call);
    return check?.checkedAt ?? '';
  };
  await page.getByText('List of repositories').waitFor();
  await page.getByText('Deletion').waitFor();
  const [first, again] = [await checkedAt(), page.getByRole('button', { name: 'Check again' })];
  await client.call(operations.registries.update, { ...call, body: { backlog: 9 } });
  await expect.poll(async () => (await checkedAt()) > first, { timeout: 10_000 }).toBe(true);
  const second = await checkedAt();
  await again.click();
  await expect.poll(async () => (await checkedAt()) > second, { timeout: 10_000 }).toBe(true);
});

test('a hook is added, and what the registry needs is shown once', async () => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search text' }).fill('hook');
  await page.getByRole('option', { name: 'Page Hooks' }).click();
  await page.getByText('No hooks yet').waitFor();
  await page.getByRole('button', { name: 'Add hook' }).first().click();
  await page.getByRole('combobox', { name: 'Registry' }).click();
  await page.getByRole('option', { name: 'lab' }).click();
  await page.getByRole('combobox', { name: 'Sender' }).click();
  await page.getByRole('option', { name: 'CNCF Distribution' }).click();
  const form = page.getByRole('dialog', { name: 'Add hook' });
  await form.getByRole('button', { name: 'Add hook' }).click();
  await form.getByText('Value of the header Authorization').waitFor();
  await takeScreenshot(page, 'hook secret');
  hook = {
    url: (await form.getByLabel('the address', { exact: true }).textContent()) ?? '',
    secret: (await form.getByLabel('the secret', { exact: true }).textContent()) ?? '',
  };
  await form.getByRole('button', { name: 'Done' }).click();
});

test('a reported push appears on the page of arrivals, and its verdict without a reload', async () => {
  await visitPage(page, consoleUrl('arrivals'), 'No arrivals yet');
  const markup = '<img src=x onerror=alert(1)>';
  await push('1.0', markup);
  const row = page.locator('tr', { hasText: 'lab/app:1.0' });
  await row.getByText('notification').waitFor();
  await row.getByText(markup).waitFor();
  await row.getByText('Not scanned').waitFor({ timeout: 60_000 });
  await row.getByRole('link', { name: 'lab/app:1.0' }).click();
  await page.waitForURL('**/inspections/*');
  expect(monitored.violations).toEqual([]);
}, 120_000);

test('arrivals are filtered by state, and an empty result says so', async () => {
  await visitPage(page, consoleUrl('arrivals'), 'lab/app:1.0');
  await page.getByRole('button', { name: 'Failed' }).click();
  await page.getByText('No matching arrivals').waitFor();
  expect(new URL(page.url()).search).toBe('?state=failed');
});

test('the repository of a registry shows its tags and their history', async () => {
  await push('1.0', 'another user');
  await visitPage(page, consoleUrl('registries/lab'), 'lab/app');
  await page.getByRole('link', { name: 'lab/app' }).click();
  const tags = page.getByRole('table', { name: 'Tags', exact: true });
  await tags.getByText('Not scanned').waitFor({ timeout: 60_000 });
  const history = page.getByRole('table', { name: 'Changes of tags' });
  await history.getByText('Appeared').waitFor();
  await tags.getByRole('link', { name: '1.0' }).click();
  await page.waitForURL('**/arrivals?*');
  await page.locator('tr', { hasText: 'lab/app:1.0' }).first().waitFor();
});

test('the settings of a registry are changed', async () => {
  await visitPage(page, consoleUrl('registries/lab'), 'Polls and backlog');
  await page.getByRole('button', { name: 'Edit' }).click();
  const form = page.getByRole('dialog', { name: 'Settings of lab' });
  await form.getByText('Pace').click();
  await form.getByRole('textbox', { name: 'Backlog' }).fill('7');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'hidden' });
  const { settings } = await lab.instance.client.call(operations.registries.show, {
    ...{ params: { name: 'lab' } },
  });
  expect(settings).toMatchObject({ backlog: 7, pollInterval: 45_000, credentials: 'none' });
});

test('the address of an earlier product leads to the page of arrivals', async () => {
  await visitPage(page, `${lab.instance.url}/results`, 'lab/app:1.0');
  expect(new URL(page.url()).pathname).toBe('/console/arrivals');
});

test('a hook is tested, and a dead letter is shown and replayed', async () => {
  await report({ hello: 'world' });
  await visitPage(page, consoleUrl('hooks'), 'Dead letter');
  await page.getByText('expected an object with the list "events"').first().waitFor();
  await page.getByRole('button', { name: 'Test the hook lab' }).click();
  await page.getByText('The hook works').waitFor();
  await takeScreenshot(page, 'hooks test');
  await page.keyboard.press('Escape');
  await page.getByRole('switch', { name: 'Dead letters only' }).click();
  const row = page.locator('tr', { hasText: 'Dead letter' });
  await row.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('The delivery is processed again').waitFor();
  expect(monitored.violations).toEqual([]);
});

const pages = [
  ['', 'Verdicts on arrivals per hour'],
  ['arrivals', 'lab/app:1.0'],
  ['decisions', 'lab/app:1.0'],
  ['registries', 'Healthy'],
  ['registries/lab', 'Changes of tags'],
  ['hooks', 'Dead letter'],
] as const;

test.each(pages)('the page "%s" is readable in both schemes and on a phone', async (path, text) => {
  await visitPage(page, consoleUrl(path), text);
  const name = path === '' ? 'overview-watching' : path.replace('/', '-');
  await expectReadable(page, name, { differsOnPhone: true });
  expect(monitored.violations).toEqual([]);
});

test('a hook is removed after confirmation', async () => {
  await visitPage(page, consoleUrl('hooks'), 'Dead letter');
  const row = page.getByRole('table', { name: 'Hooks' }).locator('tr', { hasText: 'lab' });
  await row.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove lab?' });
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No hooks yet').waitFor();
  expect(monitored.violations).toEqual([]);
});
