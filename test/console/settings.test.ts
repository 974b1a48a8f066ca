/** Administration in the console: sign-in, users, tokens, engines, audit log, nodes. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../support/instance.ts';
import {
  administrator,
  openConsole,
  openContext,
  signIn,
  takeScreenshot,
  type MonitoredContext,
} from './browser.ts';

let instance: Instance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;

beforeAll(async () => {
  [instance, browser] = await openConsole(startInstance({ engines: [engineFolders.strings] }));
});

afterAll(async () => {
  await browser.close();
  await instance.close();
});

beforeEach(async () => {
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
});

afterEach(async () => {
  await monitored.context.close();
  expect(monitored.violations).toEqual([]);
});

test('a wrong password is refused; after sign-in the requested page opens', async () => {
  await page.goto(`${instance.url}/console/jobs?state=failed`);
  await page.getByLabel('Name').fill(administrator.name);
  const password = page.getByRole('textbox', { name: 'Password' });
  await password.fill('not the one that it is');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Invalid user name or password').waitFor();
  await password.fill(administrator.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  expect(page.url()).toBe(`${instance.url}/console/jobs?state=failed`);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`${instance.url}/console/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a used one-time link is refused', async () => {
  await page.goto(instance.setupLink);
  await page.getByRole('textbox', { name: 'Password' }).fill('another harbour lantern');
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await page.getByText('Invalid or expired sign-in link').waitFor();
  expect(page.url()).not.toContain('link=');
});

test('an invited user sets a password and sees only permitted pages', async () => {
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/settings/users`);
  await page.getByRole('button', { name: 'Add user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('jonas');
  await dialog.getByRole('combobox', { name: 'Role 1', exact: true }).click();
  await page.getByRole('option', { name: 'viewer' }).click();
  await dialog.getByRole('button', { name: 'Add user' }).click();
  await dialog.getByRole('button', { name: 'Create link' }).click();
  const link = (await dialog.getByText('#link=').textContent()) ?? '';
  await takeScreenshot(page, 'user-link');

  const guest = await openContext(browser);
  const userPage = await guest.context.newPage();
  await userPage.goto(link);
  await userPage.getByRole('textbox', { name: 'Password' }).fill('breakwater gull nine');
  await userPage.getByRole('button', { name: 'Set password and sign in' }).click();
  await userPage.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  expect(await userPage.getByRole('navigation').getByRole('link', { name: 'Audit' }).count()).toBe(
    0,
  );
  await userPage.goto(`${instance.url}/console/settings/users`);
  await userPage.getByText('Permission denied').waitFor();
  await guest.context.close();
  expect(guest.violations).toEqual([]);
});

test('a token is shown once and works', async () => {
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/settings/tokens`);
  await page.getByRole('button', { name: 'Create token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('nightly scan');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const secret = (await dialog.getByTestId('secret').textContent()) ?? '';
  const answer = await fetch(`${instance.url}/api/v1/sessions/current`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  expect(await answer.json()).toMatchObject({ kind: 'token', name: administrator.name });
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('row', { name: /nightly scan/ }).waitFor();
  expect(await page.getByText(secret).count()).toBe(0);
});

test('an invalid manifest is refused with its line, and a valid one is added', async () => {
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/engines/new`);
  const editor = page.getByLabel('Manifest (YAML or JSON)');
  const lines = (memory: string): string =>
    `name: look\nimage: lazaret/engine-strings:latest\nresources:\n  memory: ${memory}\n`;
  await editor.fill(lines('lots'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByText('resources.memory').waitFor();
  await page.getByText('line 4').waitFor();
  await editor.fill(lines('64MiB'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByText('This manifest is valid').waitFor();
  await page.getByRole('button', { name: 'Add engine' }).click();
  await page.getByRole('heading', { level: 1, name: 'look' }).waitFor();
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
});

test('the audit log is filtered by URL and verified on demand', async () => {
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/audit?type=session.created`);
  await page.getByText('session.created').first().waitFor();
  expect(await page.getByRole('row', { name: 'user.created' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Verify the log' }).click();
  await page.getByText(/^Intact: [\d,]+ entries$/).waitFor();
});

test('a node is cordoned and uncordoned', async () => {
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/nodes`);
  await page.getByRole('button', { name: 'Cordon' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cordon' }).click();
  await page.getByText('Cordoned').waitFor();
  await page.getByRole('button', { name: 'Uncordon' }).click();
  await page.getByText('Online').waitFor();
});
