/** Checks for every page: accessibility, and no horizontal overflow. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

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

export async function horizontalOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
