/**
 * Images in the console, from requesting an inspection to viewing a file. Everything that
 * an image controls is shown as text.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { buildImage, type BuiltImage } from '../../packages/analysis/src/testing/image-builder.ts';
import {
  inspectAndWait,
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
import { base, config, manyFiles, markup, rule, top, update, yaraRules } from './hostile-image.ts';
import { axeViolations, expectReadable, visitPage } from './page-checks.ts';

let directory: string;
let lab: RegistryInstance;
let browser: Browser;
let first: BuiltImage;
let second: BuiltImage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-images-'));
  const rules = join(directory, 'lab.yar');
  await writeFile(rules, yaraRules);
  [first, second] = await Promise.all([
    buildImage({ layers: [base, top], config }),
    buildImage({ layers: [base, top, update], config: { ...config, User: '1000' } }),
  ]);
  const scripts = JSON.stringify({ enabled: true, defaults: false });
  const starting = startWithRegistry({
    ...{ settings: { yaraRules: [rules] }, arguments: ['--scripts', scripts] },
  });
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  lab.registry.store.putImage('lab/app', '1', first);
  lab.registry.store.putImage('lab/app', '2', second);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
  await rm(directory, { recursive: true });
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;
const reference = (tag: string): string => `${lab.registry.host}/lab/app:${tag}`;

/** Fails if the image created elements. */
async function expectOnlyText(page: Page, { violations }: MonitoredContext): Promise<void> {
  const injected = await page.evaluate(
    () => document.querySelectorAll('#root img, #root script, #root b:not(.number)').length,
  );
  expect(injected).toBe(0);
  expect(await page.title()).not.toContain('taken');
  expect(violations).toEqual([]);
}

describe('a user', () => {
  let monitored: MonitoredContext;
  let page: Page;

  beforeAll(async () => {
    monitored = await openContext(browser);
    page = await monitored.context.newPage();
    await signIn(page, lab.instance.url);
  });
  afterAll(() => monitored.context.close());

  test('requests an inspection, sees its progress, and is redirected to the image', async () => {
    await page.getByRole('link', { name: 'Images', exact: true }).click();
    await page.getByText('No images yet').waitFor();
    await page.getByRole('link', { name: 'Inspect an image' }).first().click();
    await page.getByLabel('Reference').fill(reference('1'));
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await page.getByText('Malicious').first().waitFor();
    expect(page.url()).toContain(`/images/${first.descriptor.digest}`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(reference('1'));
    await page.getByLabel('Verdict').getByText(`yara: ${rule}`).waitFor();
    await page.getByText(`${lab.registry.host} was queried over plain HTTP`).waitFor();
    await expectOnlyText(page, monitored);
  });

  test('packages that a script in the image lists differently are shown at its coverage', async () => {
    const { client } = lab.instance;
    const listed = { type: 'deb', name: markup, version: '4' };
    const text = JSON.stringify({ complete: ['deb'], packages: [listed] });
    const content = Buffer.from(`cat <<'END'\n${text}\nEND\n`).toString('base64');
    const name = 'packages.sh';
    await client.call(operations.scripts.add, {
      body: { name, kind: 'shell', content, format: 'json' },
    });
    const params = { digest: first.descriptor.digest };
    const { items } = await client.call(operations.scripts.run, { params, body: {} });
    const query = { waitSeconds: 30 };
    const result = await client.call(operations.scripts.result, {
      ...{ params: { id: items[0]?.id ?? '' }, query },
    });
    expect(result).toMatchObject({ state: 'finished', outcome: 'succeeded' });
    await visitPage(page, consoleUrl(imagePath('coverage')), 'Packages that the image lists');
    const row = page.getByLabel('Package disagreements').getByRole('row', { name: markup }).first();
    expect(await row.textContent()).toMatch(/4missingpackages\.sh$/);
    await takeScreenshot(page, 'image coverage disagreements');
    await expectOnlyText(page, monitored);
  });

  test('a refused registry names the setting that allows it', async () => {
    await visitPage(page, consoleUrl('images/inspect'), 'Reference');
    await page.getByLabel('Reference').fill('10.0.0.1:5000/app');
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await page.getByText('adding 10.0.0.1:5000 to inspection.registries.private').waitFor();
  });

  test('a failed inspection shows the reason', async () => {
    const { id } = await inspectAndWait(lab.instance.client, { reference: reference('none') });
    await visitPage(page, consoleUrl(`inspections/${id}`), 'Image not found');
    await page.getByText('Failed').first().waitFor();
  });

  test('the file tree is usable by keyboard and shows hostile names as text', async () => {
    await visitPage(page, consoleUrl(`images/${first.descriptor.digest}?tab=files`), 'Files');
    const row = (name: string) => page.getByRole('treeitem', { name, exact: false }).first();
    await row('etc').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await row(markup).waitFor();
    expect(await row('srv').getAttribute('aria-expanded')).toBe('true');
    await row(String.raw`\u202egpj.exe`).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const details = page.getByLabel('Selected file');
    await details.getByText(`srv/${markup}`).waitFor();
    await details.getByText('SHA-256').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => row('srv').getAttribute('aria-expanded')).toBe('false');
    await expectOnlyText(page, monitored);
  });

  test('a search result opens the file in the tree, also a hidden file', async () => {
    await visitPage(page, consoleUrl('search'), 'Search everything');
    const last = `usr/share/doc/note-${manyFiles - 1}`;
    await page.getByRole('textbox', { name: 'Search text' }).fill(`/${last}`);
    await page.getByText('path prefix').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: last }).first().click();
    await page.locator('[role="treeitem"][aria-selected="true"]', { hasText: 'note-' }).waitFor();
    await page.getByLabel('Selected file').getByText(last).waitFor();

    await visitPage(page, consoleUrl('search?text=/srv/gone'), 'hidden by layer 1');
    await page.getByRole('link', { name: 'srv/gone.txt' }).click();
    await page.getByLabel('Selected file').getByText('hidden by layer 1').waitFor();
  });

  test('a search result selects the finding', async () => {
    await visitPage(page, consoleUrl(`search?kind=finding&text=${rule}`), `srv/${markup}`);
    await expectOnlyText(page, monitored);
    await page
      .locator('.hit', { hasText: `srv/${markup}` })
      .locator('.hit-name')
      .click();
    const selected = page.locator('.finding[aria-current="true"]');
    await selected.getByText(`srv/${markup}`).waitFor();
    await selected.getByText('Evidence').click();
    await selected.locator('dd a[href*="/files/"]').waitFor();
    await expectOnlyText(page, monitored);
    await selected.getByRole('link', { name: rule, exact: true }).click();
    await page.waitForURL(`**/search?text=${rule}&kind=finding`);
    await page.locator('.hit', { hasText: `srv/${markup}` }).waitFor();
  });

  test('two images are compared', async () => {
    await inspectAndWait(lab.instance.client, { reference: reference('2') });
    const before = first.descriptor.digest;
    const after = second.descriptor.digest;
    const query = `before=${before}&after=${after}&files=yes`;
    await visitPage(page, consoleUrl(`images/compare?${query}`), 'newcomer');
    const packages = page.getByRole('table', { name: 'Packages' });
    await packages
      .getByRole('row', { name: 'zlib1g' })
      .getByText('1:1.3.1-1 → 1:1.3.2-1')
      .waitFor();
    await packages.getByRole('row', { name: 'libdemo' }).getByText('removed').waitFor();
    await packages.getByRole('row', { name: 'newcomer' }).getByText('added').waitFor();
    await page.getByLabel('New findings').getByText(`srv/more ${markup}`).waitFor();
    const files = page.getByRole('table', { name: 'Files' });
    await files.getByRole('row', { name: `srv/more ${markup}` }).waitFor();
    await page.getByRole('table', { name: 'Configuration' }).getByText('"1000"').waitFor();
    await expectOnlyText(page, monitored);
  });

  test('the SBOM is downloaded', async () => {
    await visitPage(page, consoleUrl(`images/${first.descriptor.digest}`), 'Coverage');
    await page.getByRole('button', { name: 'Download' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'SBOM, CycloneDX' }).click();
    const saved = JSON.parse(await readFile(await (await download).path(), 'utf8')) as object;
    expect(saved).toMatchObject({ bomFormat: 'CycloneDX' });
  });

  test('newly inspected images are announced and loaded on demand', async () => {
    await visitPage(page, consoleUrl('images'), 'critical');
    const rows = page.getByRole('table', { name: 'Images' }).getByRole('row');
    const shown = await rows.allTextContents();
    lab.registry.store.putImage('lab/late', '1', await buildImage({ layers: [top] }));
    await inspectAndWait(lab.instance.client, { reference: `${lab.registry.host}/lab/late:1` });
    await page.getByRole('button', { name: 'Show 1 newly inspected image' }).waitFor();
    expect((await rows.allTextContents()).length).toBe(shown.length);
    await page.getByRole('button', { name: 'Show 1 newly inspected image' }).click();
    await rows.getByRole('link', { name: 'lab/late:1' }).waitFor();
  });

  test('inspections are listed with their result and filtered by URL', async () => {
    await visitPage(page, consoleUrl('images'), 'critical');
    await page.getByRole('link', { name: 'Inspections', exact: true }).click();
    const rows = page.getByRole('table', { name: 'Inspections' }).locator('tbody tr');
    await rows
      .filter({ hasText: reference('1') })
      .getByText('Finished')
      .waitFor();
    await rows
      .filter({ hasText: reference('none') })
      .getByText('does not exist')
      .waitFor();
    await page.getByRole('button', { name: 'Failed' }).click();
    await page.waitForURL('**/inspections?state=failed');
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Cancelled' }).click();
    await page.getByText('No matching inspections').waitFor();
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await page.waitForURL('**/inspections');
    await rows
      .filter({ hasText: reference('2') })
      .getByRole('link', { name: 'Malicious' })
      .click();
    await page.waitForURL(`**/images/${second.descriptor.digest}`);
    await expectOnlyText(page, monitored);
  });

  test('the list shows a running inspection and its cancellation', async () => {
    const { client } = lab.instance;
    const image = await buildImage({ layers: [update] });
    lab.registry.store.putImage('lab/slow', '1', image);
    await visitPage(page, consoleUrl('inspections'), 'Requested by');
    lab.registry.faults.on('stalled-body');
    try {
      const body = { reference: `${lab.registry.host}/lab/slow:1` };
      const { id } = await client.call(operations.images.inspect, { body });
      await page.getByRole('button', { name: 'Show 1 new inspection' }).click();
      const row = page.locator(`tr[data-row="${id}"]`);
      await row.locator('[data-state="running"]').waitFor();
      await row.getByText('Resolving the reference').waitFor();
      await takeScreenshot(page, 'inspection-running');
      await client.call(operations.inspections.cancel, { params: { id } });
      await row.locator('[data-state="cancelled"]').waitFor();
    } finally {
      lab.registry.faults.off();
    }
  });

  test('an image is removed after confirmation and is no longer shown', async () => {
    const path = `images/${second.descriptor.digest}`;
    await visitPage(page, consoleUrl(path), 'Coverage');
    const remove = page.getByRole('button', { name: 'Remove' });
    const dialog = page.getByRole('dialog', { name: 'Remove this image?' });
    await remove.click();
    await dialog.getByRole('button', { name: 'Back' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await remove.click();
    expect(await axeViolations(page)).toEqual([]);
    await takeScreenshot(page, 'image-remove');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Image removed').waitFor();
    const images = page.getByRole('table', { name: 'Images' });
    await images.getByRole('link', { name: reference('1') }).waitFor();
    expect(await images.getByRole('link', { name: reference('2') }).count()).toBe(0);
    await page.getByRole('link', { name: 'Inspections', exact: true }).click();
    const rows = page.getByRole('table', { name: 'Inspections' }).locator('tbody tr');
    await rows
      .filter({ hasText: reference('2') })
      .getByRole('link', { name: 'Malicious' })
      .click();
    await page.getByText('Not found').waitFor();
    await inspectAndWait(lab.instance.client, { reference: reference('2') });
  });

  test.each([
    ['viewer', 0, 0],
    ['submitter', 1, 0],
    ['investigator', 1, 0],
    ['operator', 0, 1],
    ['administrator', 1, 1],
  ] as const)('role %s sees only the permitted actions', async (role, inspect, remove) => {
    const credentials = { name: role, password: 'breakwater gull nine' };
    const grants = [{ role, project: 'default' }];
    await lab.instance.client.call(operations.access.userCreate, {
      body: { ...credentials, grants },
    });
    const { context, violations } = await openContext(browser);
    const userPage = await context.newPage();
    await signIn(userPage, lab.instance.url, credentials);
    await visitPage(userPage, consoleUrl(`images/${first.descriptor.digest}`), 'Coverage');
    expect(await userPage.getByRole('button', { name: 'Inspect again' }).count()).toBe(inspect);
    expect(await userPage.getByRole('button', { name: 'Remove' }).count()).toBe(remove);
    await visitPage(userPage, consoleUrl('inspections'), 'Requested by');
    expect(await userPage.getByRole('link', { name: 'Inspect an image' }).count()).toBe(inspect);
    expect(violations).toEqual([]);
    await context.close();
  });
});

/** Pages by name, with path and an expected text. */
const pages: readonly (readonly [name: string, path: () => string, expected: string])[] = [
  ['images', () => 'images', 'Not scanned'],
  ['inspect', () => 'images/inspect', 'Recent inspections'],
  ['inspections', () => 'inspections', 'Requested by'],
  ['findings', () => imagePath('findings'), 'Evidence'],
  ['packages', () => imagePath('packages'), 'libdemo'],
  ['files', () => `${imagePath('files')}&path=srv/${encodeURIComponent(markup)}`, 'SHA-256'],
  ['layers', () => imagePath('layers'), 'COPY srv /srv'],
  ['accounts', () => imagePath('accounts'), 'setuid'],
  ['configuration', () => imagePath('configuration'), 'Entry point'],
  ['coverage', () => imagePath('coverage'), 'Unpacked size'],
  ['raw', () => imagePath('raw'), '"lazaret-inspection/2"'],
  ['compare', () => `images/compare?before=${first.descriptor.digest}`, 'Choose two images'],
  [
    'difference',
    () => `images/compare?before=${first.descriptor.digest}&after=${second.descriptor.digest}`,
    'newcomer',
  ],
  ['search', () => 'search', 'Search everything'],
  ['hits', () => 'search?text=/srv/', markup],
];

function imagePath(tab: string): string {
  return `images/${first.descriptor.digest}?tab=${tab}`;
}

describe('every page', () => {
  let monitored: MonitoredContext;
  let page: Page;

  beforeAll(async () => {
    monitored = await openContext(browser, { scheme: 'light' });
    page = await monitored.context.newPage();
    await signIn(page, lab.instance.url);
  });
  afterAll(() => monitored.context.close());

  test.each(pages)('%s', async (name, path, expected) => {
    await visitPage(page, consoleUrl(path()), expected);
    await expectReadable(page, `image-${name}`);
    await expectOnlyText(page, monitored);
  });
});
