/**
 * The console in Chromium, watched: policy violations, errors and dialogs are kept for the test.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { repository, type Instance } from '../support/instance.ts';

const executables = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const screenshots = join(repository, 'test-results', 'console');

export const administrator = { name: 'marta', password: 'harbour lantern seven' } as const;
export const wide = { width: 1440, height: 900 } as const;
export const phone = { width: 360, height: 740 } as const;

export interface Screen {
  readonly scheme?: 'light' | 'dark';
  readonly size?: { readonly width: number; readonly height: number };
}

export interface WatchedContext {
  readonly context: BrowserContext;
  /** What no page may do: break the policy, throw, open a dialog. */
  readonly complaints: string[];
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? executables.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium here: apt-get install chromium');
  await mkdir(screenshots, { recursive: true });
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

export async function openContext(browser: Browser, screen: Screen = {}): Promise<WatchedContext> {
  const context = await browser.newContext({
    colorScheme: screen.scheme ?? 'light',
    viewport: screen.size ?? wide,
    acceptDownloads: true,
    reducedMotion: 'reduce',
  });
  const complaints: string[] = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`securitypolicyviolation ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(`threw: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`opened a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      if (/content security policy|securitypolicyviolation|refused to/i.test(text)) {
        complaints.push(`broke the policy: ${text}`);
      }
    });
  });
  return { context, complaints };
}

/** Waits for a new instance, launches a browser beside it, and makes its administrator. */
export async function openConsole(starting: Promise<Instance>): Promise<[Instance, Browser]> {
  const [instance, browser] = await Promise.all([starting, launchBrowser()]);
  const { context, complaints } = await openContext(browser);
  await makeAdministrator(await context.newPage(), instance.setupLink);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  await context.close();
  return [instance, browser];
}

/** Uses the one-time link of a new instance, as a person would. */
export async function makeAdministrator(page: Page, setupLink: string): Promise<void> {
  await page.goto(setupLink);
  await page.getByLabel('Name').fill(administrator.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(administrator.password);
  await page.getByRole('button', { name: 'Make administrator and sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

interface Person {
  readonly name: string;
  readonly password: string;
}

export async function signIn(
  page: Page,
  url: string,
  person: Person = administrator,
): Promise<void> {
  await page.goto(`${url}/console/sign-in`);
  await page.getByLabel('Name').fill(person.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
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

/** Drags files over the place where they are dropped, and lets go. */
export async function dropFiles(page: Page, files: readonly DroppedFile[]): Promise<void> {
  const data = files.map(({ name, bytes }) => ({
    name,
    base64: Buffer.from(bytes).toString('base64'),
  }));
  const transfer = await page.evaluateHandle((dropped) => {
    const held = new DataTransfer();
    for (const { name, base64 } of dropped) {
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      held.items.add(new File([content], name));
    }
    return held;
  }, data);
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('.dropzone', type, { dataTransfer: transfer });
  }
}
