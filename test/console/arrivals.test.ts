/** Arrivals and hooks in the console: reported pushes, dead letters, test deliveries. */
import { operations, type HookWithSecret } from '@lazaret/protocol';
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
  phone,
  signIn,
  takeScreenshot,
  wide,
  type MonitoredContext,
} from './browser.ts';
import { axeViolations, horizontalOverflow, visitPage } from './page-checks.ts';

const { registries, hooks } = operations;
let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;
let hook: HookWithSecret;

beforeAll(async () => {
  const starting = startWithRegistry();
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  const { client, url } = lab.instance;
  const { host } = lab.registry;
  const watched = { plainHttp: true, credentials: 'none', pollInterval: '1d' } as const;
  await client.call(registries.add, { body: { name: 'lab', address: host, ...watched } });
  const body = { name: 'lab', registry: 'lab', kind: 'distribution' } as const;
  hook = await client.call(hooks.add, { body });
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, url);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;

async function report(content: unknown): Promise<void> {
  const headers = { [hook.header ?? '']: hook.generatedSecret ?? '' };
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

test.each([
  ['arrivals', 'lab/app:1.0'],
  ['hooks', 'Dead letter'],
])(
  'the page %s is accessible and fits a phone in both colour schemes',
  async (name, expected) => {
    for (const scheme of ['light', 'dark'] as const) {
      for (const size of [wide, phone]) {
        const { context } = await openContext(browser, { scheme, size });
        const one = await context.newPage();
        await signIn(one, lab.instance.url);
        await visitPage(one, consoleUrl(name), expected);
        await takeScreenshot(one, `${name} ${scheme} ${size.width}`);
        expect(await axeViolations(one)).toEqual([]);
        expect(await horizontalOverflow(one)).toBeLessThanOrEqual(0);
        await context.close();
      }
    }
  },
  180_000,
);
