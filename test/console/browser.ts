/**
 * Runs the console in Chromium and records policy violations, errors and dialogs.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { repository, type Instance } from '../support/instance.ts';

/** The shell without windows comes first: it takes a fifth less of the processor. */
const executables = [
  ...['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser'],
  '/usr/bin/google-chrome',
];
const screenshots = join(repository, 'test-results', 'console');

export const administrator = { name: 'marta', password: 'harbour lantern seven' } as const;
export const wide = { width: 1440, height: 900 } as const;
export const phone = { width: 360, height: 740 } as const;

export interface Screen {
  readonly scheme?: 'light' | 'dark';
  readonly size?: { readonly width: number; readonly height: number };
}

export interface MonitoredContext {
  readonly context: BrowserContext;
  /** Recorded policy violations, exceptions and dialogs. */
  readonly violations: string[];
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? executables.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('Chromium not found: apt-get install chromium-headless-shell');
  await mkdir(screenshots, { recursive: true });
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

export async function openContext(
  browser: Browser,
  screen: Screen = {},
): Promise<MonitoredContext> {
  const context = await browser.newContext({
    colorScheme: screen.scheme ?? 'light',
    viewport: screen.size ?? wide,
    acceptDownloads: true,
    reducedMotion: 'reduce',
  });
  const violations: string[] = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`securitypolicyviolation ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on('page', (page) => {
    page.on('pageerror', (error) => violations.push(`threw: ${error.message}`));
    page.on('dialog', (dialog) => {
      violations.push(`opened a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      if (/content security policy|securitypolicyviolation|refused to/i.test(text)) {
        violations.push(`policy violation: ${text}`);
      }
    });
  });
  return { context, violations };
}

/** Waits for a new instance, launches a browser, and creates the administrator. */
export async function openConsole(starting: Promise<Instance>): Promise<[Instance, Browser]> {
  const [instance, browser] = await Promise.all([starting, launchBrowser()]);
  const { context, violations } = await openContext(browser);
  await createAdministrator(await context.newPage(), instance.setupLink);
  if (violations.length > 0) throw new Error(violations.join('\n'));
  await context.close();
  return [instance, browser];
}

/** Creates the administrator with the one-time link of a new instance. */
export async function createAdministrator(page: Page, setupLink: string): Promise<void> {
  await page.goto(setupLink);
  await page.getByLabel('Name').fill(administrator.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(administrator.password);
  await page.getByRole('button', { name: 'Create administrator and sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

export async function signIn(
  page: Page,
  url: string,
  credentials: Credentials = administrator,
): Promise<void> {
  await page.goto(`${url}/console/sign-in`);
  await page.getByLabel('Name').fill(credentials.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(credentials.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

export async function takeScreenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({
    path: join(screenshots, `${name.replaceAll(' ', '-')}.png`),
    fullPage: true,
  });
}

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Drops files on the drop area. */
export async function dropFiles(page: Page, files: readonly DroppedFile[]): Promise<void> {
  const data = files.map(({ name, bytes }) => ({
    name,
    base64: Buffer.from(bytes).toString('base64'),
  }));
  const transfer = await page.evaluateHandle((dropped) => {
    const transferred = new DataTransfer();
    for (const { name, base64 } of dropped) {
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transferred.items.add(new File([content], name));
    }
    return transferred;
  }, data);
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('.dropzone', type, { dataTransfer: transfer });
  }
}
