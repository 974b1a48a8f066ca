/**
 * Images in the console: from the reference that somebody types to the file that was found. What an
 * image controls is text wherever it is shown.
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
  phone,
  signIn,
  takeScreenshot,
  wide,
  type WatchedContext,
} from './browser.ts';
import { base, config, manyFiles, markup, rule, top, update, yaraRules } from './hostile-image.ts';
import { seriousFindings, visitPage, widthBeyondScreen } from './page-checks.ts';

let place: string;
let lab: RegistryInstance;
let browser: Browser;
let first: BuiltImage;
let second: BuiltImage;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'console-images-'));
  const rules = join(place, 'lab.yar');
  await writeFile(rules, yaraRules);
  [first, second] = await Promise.all([
    buildImage({ layers: [base, top], config }),
    buildImage({ layers: [base, top, update], config: { ...config, User: '1000' } }),
  ]);
  const starting = startWithRegistry({ settings: { yaraRules: [rules] } });
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  lab.registry.store.putImage('lab/app', '1', first);
  lab.registry.store.putImage('lab/app', '2', second);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
  await rm(place, { recursive: true });
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;
const reference = (tag: string): string => `${lab.registry.host}/lab/app:${tag}`;

/** Elements that only an image could have made. */
async function expectOnlyText(page: Page, { complaints }: WatchedContext): Promise<void> {
  const foreign = await page.evaluate(
    () => document.querySelectorAll('#root img, #root script, #root b:not(.number)').length,
  );
  expect(foreign).toBe(0);
  expect(await page.title()).not.toContain('taken');
  expect(complaints).toEqual([]);
}

describe('a person', () => {
  let watched: WatchedContext;
  let page: Page;

  beforeAll(async () => {
    watched = await openContext(browser);
    page = await watched.context.newPage();
    await signIn(page, lab.instance.url);
  });
  afterAll(() => watched.context.close());

  test('asks for an inspection, watches it, and is led to the image', async () => {
    await page.getByRole('link', { name: 'Images', exact: true }).click();
    await page.getByText('No images yet').waitFor();
    await page.getByRole('link', { name: 'Inspect an image' }).first().click();
    await page.getByLabel('Reference').fill(reference('1'));
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await page.getByText('Malicious').first().waitFor();
    expect(page.url()).toContain(`/images/${first.descriptor.digest}`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(reference('1'));
    await page.getByLabel('Verdict').getByText(`yara: ${rule}`).waitFor();
    await page.getByText(`${lab.registry.host} was asked over plain HTTP`).waitFor();
    await expectOnlyText(page, watched);
  });

  test('is told which setting would allow what is refused', async () => {
    await visitPage(page, consoleUrl('images/inspect'), 'Reference');
    await page.getByLabel('Reference').fill('10.0.0.1:5000/app');
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await page.getByText('adding 10.0.0.1:5000 to inspection.registries.private').waitFor();
  });

  test('reads why nothing came of an inspection', async () => {
    const { id } = await inspectAndWait(lab.instance.client, { reference: reference('none') });
    await visitPage(page, consoleUrl(`inspections/${id}`), 'There is no such image');
    await page.getByText('Failed').first().waitFor();
  });

  test('opens the tree by keys, and meets hostile names as they are written', async () => {
    await visitPage(page, consoleUrl(`images/${first.descriptor.digest}?tab=files`), 'Files');
    const row = (name: string) => page.getByRole('treeitem', { name, exact: false }).first();
    await row('etc').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await row(markup).waitFor();
    expect(await row('srv').getAttribute('aria-expanded')).toBe('true');
    await row('[U+202E]gpj.exe').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const facts = page.getByLabel('Selected file');
    await facts.getByText(`srv/${markup}`).waitFor();
    await facts.getByText('SHA-256').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => row('srv').getAttribute('aria-expanded')).toBe('false');
    await expectOnlyText(page, watched);
  });

  test('is led by a search to a file behind many others, also where it is hidden', async () => {
    await visitPage(page, consoleUrl('search'), 'What are you looking for?');
    const last = `usr/share/doc/note-${manyFiles - 1}`;
    await page.getByRole('search').getByRole('textbox').last().fill(`/${last}`);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: last }).first().click();
    await page.locator('[role="treeitem"][aria-selected="true"]', { hasText: 'note-' }).waitFor();
    await page.getByLabel('Selected file').getByText(last).waitFor();

    await visitPage(page, consoleUrl('search?by=path&text=srv/gone'), 'hidden by layer 1');
    await page.getByRole('link', { name: 'srv/gone.txt' }).click();
    await page.getByLabel('Selected file').getByText('hidden by layer 1').waitFor();
  });

  test('is led by a search to the finding', async () => {
    await visitPage(page, consoleUrl(`search?by=rule&text=${rule}`), `srv/${markup}`);
    await expectOnlyText(page, watched);
    await page
      .locator('.hit', { hasText: `srv/${markup}` })
      .locator('.hit-name')
      .click();
    const selected = page.locator('.finding[aria-current="true"]');
    await selected.getByText(`srv/${markup}`).waitFor();
    await selected.getByText('Evidence').click();
    await selected.getByText('where else').waitFor();
    await expectOnlyText(page, watched);
  });

  test('compares two images', async () => {
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
    await expectOnlyText(page, watched);
  });

  test('downloads the bill of materials', async () => {
    await visitPage(page, consoleUrl(`images/${first.descriptor.digest}`), 'Coverage');
    await page.getByRole('button', { name: 'Download' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'SBOM, CycloneDX' }).click();
    const saved = JSON.parse(await readFile(await (await download).path(), 'utf8')) as object;
    expect(saved).toMatchObject({ bomFormat: 'CycloneDX' });
  });

  test('is told of newly inspected images, and the list stays still until then', async () => {
    await visitPage(page, consoleUrl('images'), 'critical');
    const rows = page.getByRole('table', { name: 'Images' }).getByRole('row');
    const shown = await rows.allTextContents();
    lab.registry.store.putImage('lab/late', '1', await buildImage({ layers: [top] }));
    await inspectAndWait(lab.instance.client, { reference: `${lab.registry.host}/lab/late:1` });
    await page.getByRole('button', { name: '1 newly inspected, show' }).waitFor();
    expect((await rows.allTextContents()).length).toBe(shown.length);
    await page.getByRole('button', { name: '1 newly inspected, show' }).click();
    await rows.getByRole('link', { name: 'lab/late:1' }).waitFor();
  });

  test('finds every inspection with how it ended, and narrows them in the address', async () => {
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
    await page.getByText('No inspection fits these filters').waitFor();
    await page.getByRole('link', { name: 'Clear the filters' }).click();
    await page.waitForURL('**/inspections');
    await rows
      .filter({ hasText: reference('2') })
      .getByRole('link', { name: 'Malicious' })
      .click();
    await page.waitForURL(`**/images/${second.descriptor.digest}`);
    await expectOnlyText(page, watched);
  });

  test('sees in the list that an inspection runs, and that it was cancelled', async () => {
    const { client } = lab.instance;
    const image = await buildImage({ layers: [update] });
    lab.registry.store.putImage('lab/slow', '1', image);
    await visitPage(page, consoleUrl('inspections'), 'Asked for');
    lab.registry.faults.on('stalled-body');
    try {
      const body = { reference: `${lab.registry.host}/lab/slow:1` };
      const { id } = await client.call(operations.images.inspect, { body });
      await page.getByRole('button', { name: '1 new, show' }).click();
      const row = page.locator(`tr[data-row="${id}"]`);
      await row.locator('[data-state="running"]').waitFor();
      await row.getByText('Asking the registry').waitFor();
      await takeScreenshot(page, 'inspection-running');
      await client.call(operations.inspections.cancel, { params: { id } });
      await row.locator('[data-state="cancelled"]').waitFor();
    } finally {
      lab.registry.faults.off();
    }
  });

  test('removes an image when that is meant, and nothing shows it any more', async () => {
    const path = `images/${second.descriptor.digest}`;
    await visitPage(page, consoleUrl(path), 'Coverage');
    const remove = page.getByRole('button', { name: 'Remove' });
    const dialog = page.getByRole('dialog', { name: 'Remove this image?' });
    await remove.click();
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await remove.click();
    expect(await seriousFindings(page)).toEqual([]);
    await takeScreenshot(page, 'image-remove');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The image is removed').waitFor();
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
  ] as const)(
    'in the role %s finds the buttons that work, and no others',
    async (role, inspect, remove) => {
      const person = { name: role, password: 'breakwater gull nine' };
      const grants = [{ role, project: 'default' }];
      await lab.instance.client.call(operations.access.userCreate, { body: { ...person, grants } });
      const { context, complaints } = await openContext(browser);
      const theirs = await context.newPage();
      await signIn(theirs, lab.instance.url, person);
      await visitPage(theirs, consoleUrl(`images/${first.descriptor.digest}`), 'Coverage');
      expect(await theirs.getByRole('button', { name: 'Inspect again' }).count()).toBe(inspect);
      expect(await theirs.getByRole('button', { name: 'Remove' }).count()).toBe(remove);
      await visitPage(theirs, consoleUrl('inspections'), 'Asked for');
      expect(await theirs.getByRole('link', { name: 'Inspect an image' }).count()).toBe(inspect);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});

/** Pages by name: their address, and text that tells that they are there. */
const pages: readonly (readonly [name: string, path: () => string, sign: string])[] = [
  ['images', () => 'images', 'Not scanned'],
  ['inspect', () => 'images/inspect', 'Latest inspections'],
  ['inspections', () => 'inspections', 'Asked for'],
  ['findings', () => imagePath('findings'), 'Evidence'],
  ['packages', () => imagePath('packages'), 'libdemo'],
  ['files', () => `${imagePath('files')}&path=srv/${encodeURIComponent(markup)}`, 'SHA-256'],
  ['layers', () => imagePath('layers'), 'COPY srv /srv'],
  ['accounts', () => imagePath('accounts'), 'setuid'],
  ['configuration', () => imagePath('configuration'), 'Entry point'],
  ['coverage', () => imagePath('coverage'), 'Examined now'],
  ['raw', () => imagePath('raw'), '"lazaret-inspection/1"'],
  ['compare', () => `images/compare?before=${first.descriptor.digest}`, 'Choose two images'],
  [
    'difference',
    () => `images/compare?before=${first.descriptor.digest}&after=${second.descriptor.digest}`,
    'newcomer',
  ],
  ['search', () => 'search', 'What are you looking for?'],
  ['hits', () => 'search?by=path&text=srv/', markup],
];

function imagePath(tab: string): string {
  return `images/${first.descriptor.digest}?tab=${tab}`;
}

describe('every page', () => {
  let watched: WatchedContext;
  let page: Page;

  beforeAll(async () => {
    watched = await openContext(browser, { scheme: 'light' });
    page = await watched.context.newPage();
    await signIn(page, lab.instance.url);
  });
  afterAll(() => watched.context.close());

  test.each(pages)('%s', async (name, path, sign) => {
    await page.setViewportSize(wide);
    await page.emulateMedia({ colorScheme: 'light' });
    await visitPage(page, consoleUrl(path()), sign);
    expect(await seriousFindings(page)).toEqual([]);
    await takeScreenshot(page, `image-${name}-wide-light`);
    // The console follows the system; in the other scheme nothing but colours differs.
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
    expect(await seriousFindings(page, ['color-contrast'])).toEqual([]);
    await page.setViewportSize(phone);
    await expect.poll(() => widthBeyondScreen(page)).toBeLessThanOrEqual(0);
    await takeScreenshot(page, `image-${name}-phone-dark`);
    await expectOnlyText(page, watched);
  });
});
