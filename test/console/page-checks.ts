/** Checks for every page: accessibility, and no horizontal overflow. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

import { phone, takeScreenshot, wide } from './browser.ts';

/** Opens a URL in a fresh page and waits for an expected text. */
export async function visitPage(page: Page, url: string, expected: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(url);
  const visible = page
    .getByText(expected, { exact: false })
    .or(page.getByLabel(expected, { exact: false }));
  await visible.first().waitFor({ state: 'attached' });
  await page.waitForLoadState('load');
}

/** Serious and critical violations of all axe rules, or of the given ones. */
export async function axeViolations(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

/**
 * Expects an open page, wide and light, to be accessible, to have enough contrast in the dark, and
 * to fit a phone; leaves it as it was. The schemes differ in colours only, and a phone in layout;
 * what a phone shows with other components, such as cards instead of a table, is checked there too.
 */
export async function expectReadable(
  page: Page,
  name: string,
  { differsOnPhone = false }: { readonly differsOnPhone?: boolean } = {},
): Promise<void> {
  expect(await axeViolations(page), name).toEqual([]);
  await takeScreenshot(page, `${name}-wide-light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  expect(await axeViolations(page, ['color-contrast']), `${name}, dark`).toEqual([]);
  await page.setViewportSize(phone);
  const fits = expect.poll(() => horizontalOverflow(page), { message: `${name} on a phone` });
  await fits.toBeLessThanOrEqual(0);
  if (differsOnPhone) expect(await axeViolations(page), `${name} on a phone`).toEqual([]);
  await takeScreenshot(page, `${name}-phone-dark`);
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('html[data-mantine-color-scheme="light"]').waitFor();
}

export async function horizontalOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
