/** Every page: accessible in both colour schemes, inside its policy, and no wider than a phone. */
import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../support/instance.ts';
import {
  openConsole,
  openContext,
  phone,
  signIn,
  takeScreenshot,
  wide,
  type WatchedContext,
} from './browser.ts';
import { seriousFindings, visitPage, widthBeyondScreen } from './page-checks.ts';

const longName = `${'a-name-that-somebody-made-to-break-a-layout-'.repeat(4)}.bin`;
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

/** Pages by name: their address, and text that tells that they are there. */
const pages: readonly (readonly [name: string, path: () => string, sign: string])[] = [
  ['overview', () => '', 'Outcomes per hour'],
  ['submit', () => 'submit?engine=strings', 'Largest input'],
  ['jobs', () => 'jobs', 'Tags'],
  ['jobs without a match', () => 'jobs?text=nothing-like-this', 'No job fits these filters'],
  ['job', () => `jobs/${succeeded}`, 'Complete'],
  ['job failed', () => `jobs/${failed}`, 'The engine ended with a failure code'],
  ['job result', () => `jobs/${succeeded}?tab=result`, 'Preview of result'],
  ['job containment', () => `jobs/${succeeded}?tab=containment`, 'As asked'],
  ['job history', () => `jobs/${succeeded}?tab=history`, 'Cause'],
  ['job raw', () => `jobs/${succeeded}?tab=raw`, '"attemptList"'],
  ['job of nobody', () => `jobs/${'0'.repeat(16)}`, 'Not found'],
  ['engines', () => 'engines', 'Enabled'],
  ['engine', () => 'engines/strings', 'Revisions'],
  ['engine new', () => 'engines/new', 'Check only'],
  ['nodes', () => 'nodes', 'Memory reserved'],
  ['tokens', () => 'settings/tokens', 'Make a token'],
  ['users', () => 'settings/users', 'No password yet'],
  ['projects', () => 'settings/projects', 'Add a project'],
  ['password', () => 'settings/password', 'Change the password'],
  ['audit', () => 'audit', 'Somebody signed in'],
  ['nowhere', () => 'no/such/page', 'No page lies at this address'],
];
/** Pages whose parts are others on a phone: cards for tables, a bar for the navigation. */
const changesOnPhone: readonly string[] = ['overview', 'jobs', 'job', 'engines', 'users', 'audit'];
const outside: typeof pages = [
  ['sign-in', () => 'sign-in', 'Forgot it?'],
  ['setup', () => 'setup#link=used-up', 'Set your password'],
  ['setup without a link', () => 'setup', 'lacks its one-time link'],
];

const visit = (page: Page, path: string, sign: string): Promise<void> =>
  visitPage(page, `${instance.url}/console/${path}`, sign);

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  let watched: WatchedContext;
  let page: Page;

  beforeAll(async () => {
    watched = await openContext(browser, { scheme });
    page = await watched.context.newPage();
    for (const [name, path, sign] of outside) {
      await visit(page, path(), sign);
      expect(await seriousFindings(page), name).toEqual([]);
      await takeScreenshot(page, `${name}-wide-${scheme}`);
    }
    await signIn(page, instance.url);
  });

  test.each(pages)('%s', async (name, path, sign) => {
    watched.complaints.length = 0;
    await page.setViewportSize(wide);
    await visit(page, path(), sign);
    expect(await seriousFindings(page)).toEqual([]);
    await takeScreenshot(page, `${name}-wide-${scheme}`);
    expect(watched.complaints).toEqual([]);
    // The layout is the same in both schemes.
    if (scheme === 'dark') return;
    await page.setViewportSize(phone);
    await visit(page, path(), sign);
    if (changesOnPhone.includes(name)) expect(await seriousFindings(page)).toEqual([]);
    expect(await widthBeyondScreen(page)).toBeLessThanOrEqual(0);
    await takeScreenshot(page, `${name}-phone`);
  });
});

test('the policy allows nothing inline and nothing from elsewhere', async () => {
  const answer = await fetch(`${instance.url}/console/jobs/deep/below`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toContain('http');
});

test('planted: a style element, a bare picture and a wide box are all noticed', async () => {
  const { context, complaints } = await openContext(browser, { size: phone });
  const page = await context.newPage();
  await visit(page, 'sign-in', 'Forgot it?');
  await page.evaluate(() => {
    const style = document.createElement('style');
    style.textContent = 'body { color: red }';
    const box = document.createElement('div');
    box.style.width = '900px';
    box.textContent = 'wide';
    document.body.append(style, box, document.createElement('img'));
  });
  await expect.poll(() => complaints.length).toBeGreaterThan(0);
  expect(complaints.join()).toContain('style-src');
  expect((await seriousFindings(page)).join()).toContain('image-alt');
  expect(await widthBeyondScreen(page)).toBeGreaterThan(0);
  await context.close();
});

test('the keyboard reaches the content past the navigation, and opens the drawer', async () => {
  const { context, complaints } = await openContext(browser);
  const page = await context.newPage();
  await signIn(page, instance.url);
  await page.goto(`${instance.url}/console/jobs`);
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
    'Skip to the content',
  );
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  await page.setViewportSize(phone);
  await page.getByRole('button', { name: 'Open the navigation' }).press('Enter');
  await page.getByRole('dialog').getByRole('link', { name: 'Engines' }).click();
  await page.getByRole('heading', { name: 'Engines', level: 1 }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
