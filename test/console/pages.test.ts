/** Every page: accessible in both colour schemes, no policy violations, fits a phone. */
import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../support/instance.ts';
import { openConsole, openContext, phone, signIn, type MonitoredContext } from './browser.ts';
import { axeViolations, expectReadable, horizontalOverflow, visitPage } from './page-checks.ts';

const longName = `${'a-name-that-was-made-to-break-a-table-layout-'.repeat(4)}.bin`;
let instance: Instance;
let browser: Browser;
let succeeded: string;
let failed: string;

beforeAll(async () => {
  const engines = [engineFolders.strings, engineFolders.hostile];
  [instance, browser] = await openConsole(startInstance({ engines }));
  [succeeded, failed] = await Promise.all([runAttack('names'), runAttack('exit 7')]);
  await instance.client.call(operations.access.userCreate, {
    body: { name: 'jonas', grants: [{ role: 'viewer', project: 'default' }] },
  });
  await instance.client.call(operations.access.tokenCreate, { body: { name: 'nightly scan' } });
});

afterAll(async () => {
  await browser.close();
  await instance.close();
});

async function runAttack(attack: string): Promise<string> {
  const { client } = instance;
  const body = new TextEncoder().encode(`${attack}\n`);
  const { sha256 } = await client.call(operations.artifacts.upload, {
    query: { name: longName },
    body,
  });
  const { id } = await client.call(operations.jobs.submit, {
    body: { engine: 'hostile', inputs: [{ sha256, name: longName }], tags: ['nightly'] },
  });
  await client.call(operations.jobs.show, { params: { id }, query: { waitSeconds: 50 } });
  return id;
}

/** Pages by name, with path and an expected text. */
const pages: readonly (readonly [name: string, path: () => string, expected: string])[] = [
  ['overview', () => '', 'Finished jobs per hour'],
  ['submit', () => 'submit?engine=strings', 'Maximum input size'],
  ['jobs', () => 'jobs', 'Tags'],
  ['jobs without a match', () => 'jobs?text=nothing-like-this', 'No matching jobs'],
  ['job', () => `jobs/${succeeded}`, 'Preview of result'],
  ['job log', () => `jobs/${succeeded}?tab=log`, 'Complete'],
  ['job failed', () => `jobs/${failed}`, 'Engine exited with a failure code'],
  ['job containment', () => `jobs/${succeeded}?tab=containment`, 'Verified'],
  ['job history', () => `jobs/${succeeded}?tab=history`, 'Cause'],
  ['job raw', () => `jobs/${succeeded}?tab=raw`, '"attemptList"'],
  ['unknown job', () => `jobs/${'0'.repeat(16)}`, 'Not found'],
  ['engines', () => 'engines', 'Enabled'],
  ['engine', () => 'engines/strings', 'Revisions'],
  ['engine new', () => 'engines/new', 'Validate'],
  ['arrivals without any', () => 'arrivals', 'No arrivals yet'],
  ['decisions without any', () => 'decisions', 'No decisions yet'],
  ['registries without any', () => 'registries', 'No registries yet'],
  ['quarantine without any', () => 'quarantine', 'Nothing in quarantine'],
  ['hooks without any', () => 'hooks', 'No hooks yet'],
  ['notifications without any', () => 'notifications', 'No targets yet'],
  ['nodes', () => 'nodes', 'Memory reserved'],
  ['tokens', () => 'settings/tokens', 'Create token'],
  ['users', () => 'settings/users', 'No password yet'],
  ['projects', () => 'settings/projects', 'Add project'],
  ['password', () => 'settings/password', 'Repeat new password'],
  ['audit', () => 'audit', 'session.created'],
  ['unknown page', () => 'no/such/page', 'Page not found'],
];
/** Pages with other components on a phone, such as cards instead of tables. */
const differsOnPhone: readonly string[] = ['overview', 'jobs', 'job', 'engines', 'users', 'audit'];
const signedOutPages: typeof pages = [
  ['sign-in', () => 'sign-in', 'Forgot your password?'],
  ['setup', () => 'setup#link=used-up', 'Set your password'],
  ['setup without a link', () => 'setup', 'contains no one-time link'],
];

const visit = (page: Page, path: string, expected: string): Promise<void> =>
  visitPage(page, `${instance.url}/console/${path}`, expected);

test.each(signedOutPages)('signed out: %s', async (name, path, expected) => {
  const { context, violations } = await openContext(browser);
  const page = await context.newPage();
  await visit(page, path(), expected);
  await expectReadable(page, name);
  expect(violations).toEqual([]);
  await context.close();
});

describe('signed in', () => {
  let monitored: MonitoredContext;
  let page: Page;

  beforeAll(async () => {
    monitored = await openContext(browser);
    page = await monitored.context.newPage();
    await signIn(page, instance.url);
  });
  afterAll(() => monitored.context.close());

  test.each(pages)('%s', async (name, path, expected) => {
    monitored.violations.length = 0;
    await visit(page, path(), expected);
    await expectReadable(page, name, { differsOnPhone: differsOnPhone.includes(name) });
    expect(monitored.violations).toEqual([]);
  });
});

test('the content security policy allows no inline code and no other origins', async () => {
  const answer = await fetch(`${instance.url}/console/jobs/deep/below`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toContain('http');
});

test('the checks detect a style element, an image without text and an overflow', async () => {
  const { context, violations } = await openContext(browser, { size: phone });
  const page = await context.newPage();
  await visit(page, 'sign-in', 'Forgot your password?');
  await page.evaluate(() => {
    const style = document.createElement('style');
    style.textContent = 'body { color: red }';
    const box = document.createElement('div');
    box.style.width = '900px';
    box.textContent = 'wide';
    document.body.append(style, box, document.createElement('img'));
  });
  await expect.poll(() => violations.length).toBeGreaterThan(0);
  expect(violations.join()).toContain('style-src');
  expect((await axeViolations(page)).join()).toContain('image-alt');
  expect(await horizontalOverflow(page)).toBeGreaterThan(0);
  await context.close();
});

test('the skip link and the navigation drawer work by keyboard', async () => {
  const { context, violations } = await openContext(browser);
  const page = await context.newPage();
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/jobs`);
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  await page.setViewportSize(phone);
  await page.getByRole('button', { name: 'Open navigation' }).press('Enter');
  await page.getByRole('dialog').getByRole('link', { name: 'Engines' }).click();
  await page.getByRole('heading', { name: 'Engines', level: 1 }).waitFor();
  expect(violations).toEqual([]);
  await context.close();
});
