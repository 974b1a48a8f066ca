/** What holds for every page: it can be used by everybody, and is no wider than its screen. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Opens an address from scratch and waits for text that tells that the page is there. */
export async function visitPage(page: Page, url: string, sign: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(url);
  const inSight = page
    .getByText(sign, { exact: false })
    .or(page.getByLabel(sign, { exact: false }));
  await inSight.first().waitFor({ state: 'attached' });
  await page.waitForLoadState('load');
}

/** All rules of axe, or those that are named. */
export async function seriousFindings(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

export async function widthBeyondScreen(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
