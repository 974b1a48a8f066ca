/**
 * Files in the console: the search palette, the page of a file, its content and download, and
 * dropped archives of images.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { operations } from '@lazaret/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders } from '../support/instance.ts';
import { buildImage } from '../../packages/analysis/src/testing/image-builder.ts';
import { newDockerFiles, packFiles } from '../../packages/analysis/src/testing/write-image.ts';
import {
  baseLayer,
  inspectAndWait,
  startWithRegistry,
  type RegistryInstance,
} from '../support/registry-instance.ts';
import {
  dropFiles,
  openConsole,
  openContext,
  phone,
  signIn,
  takeScreenshot,
  wide,
  type MonitoredContext,
} from './browser.ts';
import { axeViolations, horizontalOverflow, visitPage } from './page-checks.ts';

const content = Buffer.from('<?php // <img src=x onerror="alert(1)">\neval($_POST["c"]);\n');
const sha256 = createHash('sha256').update(content).digest('hex');
let directory: string;
let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-files-'));
  const rules = join(directory, 'rules.yar');
  await writeFile(rules, 'rule Lab_Webshell { strings: $a = "eval($_POST" condition: $a }');
  const engines = [engineFolders.strings, engineFolders.hostile];
  const starting = startWithRegistry({ settings: { yaraRules: [rules] }, engines });
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  const top = { entries: [{ path: 'srv/www/shell.php', content }] };
  const image = await buildImage({ layers: [baseLayer, top] });
  lab.registry.store.putImage('lab/shop', '1', image);
  await inspectAndWait(lab.instance.client, { reference: `${lab.registry.host}/lab/shop:1` });
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, lab.instance.url);
});
afterAll(async () => {
  expect(monitored.violations).toEqual([]);
  await browser.close();
  await lab.close();
  await rm(directory, { recursive: true });
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;

test('a slash opens the search, which reaches the file by keyboard', async () => {
  await visitPage(page, consoleUrl(''), 'Overview');
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Search text' }).waitFor();
  // Typed at once: the field has the focus as soon as it is visible.
  await page.keyboard.type('shell.p');
  await page.getByRole('option', { name: /srv\/www\/shell\.php/ }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await takeScreenshot(page, 'search palette');
  await page.keyboard.press('Enter');
  await page.getByRole('treeitem', { name: /shell\.php/ }).waitFor();
  expect(page.url()).toContain('tab=files');
});

test('Ctrl-K with a SHA-256 offers the page of that file first', async () => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search text' }).fill(sha256.toUpperCase());
  await page.getByRole('option', { name: 'All information about this file' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'shell.php' }).waitFor();
  expect(page.url()).toContain(`/files/${sha256}`);
});

test('a slash that is typed into a field is a slash', async () => {
  await visitPage(page, consoleUrl('search'), 'Search everything');
  await page.getByRole('textbox', { name: 'Search text' }).fill('');
  await page.getByRole('textbox', { name: 'Search text' }).press('/');
  expect(await page.getByRole('textbox', { name: 'Search text' }).inputValue()).toBe('/');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('the page of a file shows its findings, its images, and its content as text only', async () => {
  await visitPage(page, consoleUrl(`files/${sha256}`), 'shell.php');
  await page.getByText('YARA: Lab_Webshell').first().waitFor();
  await page.getByRole('link', { name: 'srv/www/shell.php' }).waitFor();
  await page.getByText('<img src=x onerror="alert(1)">').waitFor();
  await page.getByText('Hex', { exact: true }).click();
  await page.getByText('3c 3f 70 68 70 20 2f 2f').waitFor();
  expect(await page.locator('#content img').count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await takeScreenshot(page, 'file page');
});

test('an engine whose parameters cannot be loaded is an error with a retry', async () => {
  const url = '**/api/v1/engines/strings';
  const problem = { code: 'forbidden', detail: 'not for this test' };
  await page.route(url, (route) =>
    route.fulfill({ status: 403, contentType: 'application/problem+json', json: problem }),
  );
  await visitPage(page, consoleUrl(`files/${sha256}`), 'shell.php');
  await page.getByRole('button', { name: 'Submit to engines' }).click();
  const dialog = page.getByRole('dialog', { name: 'Submit to engines' });
  await dialog.getByRole('checkbox', { name: /^strings/ }).check();
  await dialog.getByText('not for this test').waitFor();
  await page.unroute(url);
  await dialog.getByRole('button', { name: 'Retry' }).click();
  await dialog.getByRole('textbox', { name: 'Minimum length' }).waitFor();
  await page.keyboard.press('Escape');
});

test('a file of an image is previewed and submitted to several engines in dialogs', async () => {
  const { items } = await lab.instance.client.call(operations.images.list, {});
  const digest = items[0]?.digest ?? '';
  const path = `images/${digest}?tab=files&path=srv/www/shell.php`;
  await visitPage(page, consoleUrl(path), 'All information about this file');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('dialog').getByText('eval($_POST["c"]);').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Submit to engines' }).click();
  const dialog = page.getByRole('dialog', { name: 'Submit to engines' });
  await dialog.getByRole('checkbox', { name: /^strings/ }).check();
  await dialog.getByRole('checkbox', { name: /^hostile/ }).check();
  // The form of the page Submit, with the explanations of the engine.
  await dialog.getByText('Shorter runs of printable characters are not strings').waitFor();
  const minimum = dialog.getByRole('textbox', { name: 'Minimum length' });
  await minimum.fill('1');
  await dialog.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await dialog.getByText('A parameter is not valid; nothing was submitted.').waitFor();
  expect(await minimum.inputValue()).toBe('1');
  expect(await axeViolations(page)).toEqual([]);
  await takeScreenshot(page, 'file submit invalid');
  await minimum.fill('4');
  await dialog.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await expect.poll(() => dialog.getByRole('link', { name: 'Open job' }).count()).toBe(2);
  await takeScreenshot(page, 'file submit several');
  const jobs = await lab.instance.client.call(operations.jobs.list, { query: { sha256 } });
  const submitted = jobs.items.map(({ engine }) => engine).toSorted();
  expect(submitted).toEqual(['hostile', 'strings']);
  const strings = jobs.items.find(({ engine }) => engine === 'strings')?.id ?? '';
  const made = await lab.instance.client.call(operations.jobs.show, { params: { id: strings } });
  expect(made.parameters).toMatchObject({ minimumLength: 4 });
  await page.keyboard.press('Escape');
});

test('an engine that refuses the file is shown, and a retry submits only to it', async () => {
  await visitPage(page, consoleUrl(`files/${sha256}`), 'shell.php');
  await page.getByRole('button', { name: 'Submit to engines' }).click();
  const dialog = page.getByRole('dialog', { name: 'Submit to engines' });
  await dialog.getByRole('checkbox', { name: /^strings/ }).check();
  await dialog.getByRole('checkbox', { name: /^hostile/ }).check();
  await dialog.getByRole('button', { name: 'Edit as JSON' }).click();
  const json = dialog.getByRole('textbox', { name: 'Parameters as JSON' });
  await json.fill('{"minimumLength": 4');
  await dialog.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await dialog.getByText('A parameter is not valid; nothing was submitted.').waitFor();
  // Not in the schema: the form cannot know, the server refuses it.
  await json.fill('{"unheardOf": 1}');
  await dialog.getByRole('button', { name: 'Submit 2 jobs' }).click();
  await dialog.getByText('Invalid engine parameters', { exact: false }).first().waitFor();
  await expect.poll(() => dialog.getByRole('link', { name: 'Open job' }).count()).toBe(1);
  await page.setViewportSize(phone);
  expect(await horizontalOverflow(page)).toBeLessThanOrEqual(0);
  await takeScreenshot(page, 'file submit refused phone');
  await page.setViewportSize(wide);
  await json.fill('{"minimumLength": 5}');
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect.poll(() => dialog.getByRole('link', { name: 'Open job' }).count()).toBe(2);
  const jobs = await lab.instance.client.call(operations.jobs.list, { query: { sha256 } });
  expect(jobs.items.filter(({ engine }) => engine === 'hostile')).toHaveLength(2);
  expect(jobs.items.filter(({ engine }) => engine === 'strings')).toHaveLength(2);
  await page.keyboard.press('Escape');
});

test('a file is downloaded in an archive that unzip opens with the password', async () => {
  await visitPage(page, consoleUrl(`files/${sha256}`), 'shell.php');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download (ZIP)' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`${sha256}.zip`);
  await page.getByText('The password is: infected').waitFor();
  const path = await download.path();
  expect(execFileSync('unzip', ['-p', '-P', 'infected', path])).toEqual(content);
  expect((await readFile(path)).includes('eval')).toBe(false);
});

test('each image of a dropped archive is inspected', async () => {
  const images = await Promise.all(
    ['lab/one:1', 'lab/two:2'].map((name) =>
      buildImage({
        names: [name],
        layers: [baseLayer, { entries: [{ path: 'own', content: Buffer.from(name) }] }],
      }),
    ),
  );
  const bytes = await packFiles(newDockerFiles(images));
  await visitPage(page, consoleUrl('images/inspect'), 'Image archive');
  await dropFiles(page, [{ name: 'two-images.tar', bytes }]);
  await page.getByRole('heading', { level: 1, name: 'two-images.tar' }).waitFor();
  await page.getByRole('link', { name: 'lab/one:1' }).waitFor();
  await page.getByRole('link', { name: 'lab/two:2' }).waitFor();
});

test('a dropped file that is not an archive is refused with the reason', async () => {
  await visitPage(page, consoleUrl('images/inspect'), 'Image archive');
  await dropFiles(page, [{ name: 'notes.txt', bytes: Buffer.from('notes '.repeat(200)) }]);
  await page.getByText('Not an archive of images').waitFor();
  await page.getByText('expected an archive of images').waitFor();
});

test('the pages of files and of the search fit a phone', async () => {
  const small = await openContext(browser, { size: phone, scheme: 'dark' });
  const screen = await small.context.newPage();
  await signIn(screen, lab.instance.url);
  for (const [path, text] of [
    [`files/${sha256}`, 'YARA: Lab_Webshell'],
    [`search?text=${sha256}`, 'All information about this file'],
    ['search?text=shell&kind=file', 'srv/www/shell.php'],
    ['images/inspect', 'Image archive'],
  ] as const) {
    await visitPage(screen, consoleUrl(path), text);
    expect(await horizontalOverflow(screen), path).toBeLessThanOrEqual(0);
  }
  expect(small.violations).toEqual([]);
  await small.context.close();
});
