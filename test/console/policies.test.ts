/**
 * Policies, exceptions and quarantine in the console: a policy is edited, tested, tried and
 * applied; an exception is added from a decision and ended; proposed actions are decided, an image
 * is released and its evidence purged.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { operations } from '@lazaret/protocol';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  buildApp,
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
import { expectReadable, visitPage } from './page-checks.ts';

const { decisions, exceptions, policies, registries } = operations;
const repositories = ['lab/web', 'lab/api', 'lab/worker'];

let lab: RegistryInstance;
let browser: Browser;
let monitored: MonitoredContext;
let page: Page;

beforeAll(async () => {
  const starting = startWithRegistry({ arguments: ['--quarantine-retention', '0s'] });
  [, browser] = await openConsole(starting.then(({ instance }) => instance));
  lab = await starting;
  for (const repository of repositories) {
    lab.registry.store.putImage(repository, '1.0', await buildApp(repository));
  }
  const { client } = lab.instance;
  const body = { name: 'lab', address: lab.registry.host, plainHttp: true, credentials: 'none' };
  await client.call(registries.add, { body: { ...body, pollInterval: '1s' } });
  monitored = await openContext(browser);
  page = await monitored.context.newPage();
  await signIn(page, lab.instance.url);
});

afterAll(async () => {
  await browser.close();
  await lab.close();
});

const consoleUrl = (path: string): string => `${lab.instance.url}/console/${path}`;

const document = `schema: lazaret-policy/1
name: production
description: What may run in production.
priority: 10
actions: { quarantine: { enabled: true, dryRun: false, perHour: 1 } }
rules:
  - id: no-shell
    description: Images of production have no shell.
    severity: high
    condition: packages.exists(p, p.name == "bash")
    message: '{{ evidence.map(p, p.name + " " + p.version).join(", ") }} is installed'
    actions: [report, quarantine]
tests:
  - name: an image without packages passes
    expect: { verdict: pass }
  - name: an image with a shell fails
    facts: { packages: [{ type: deb, name: bash, version: 5.2.37 }] }
    expect: { verdict: fail, matched: [no-shell] }
`;

async function confirm(name: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

test('a policy with a fault shows its position; corrected it is tested, tried and applied', async () => {
  const decided = (): Promise<number> =>
    lab.instance.client.call(decisions.list, {}).then(({ items }) => items.length);
  await expect.poll(decided, { timeout: 60_000 }).toBe(repositories.length);
  await visitPage(page, consoleUrl('policies'), 'Built-in');
  await page.getByRole('link', { name: 'Add policy' }).click();
  const editor = page.getByRole('textbox', { name: 'Policy document' });
  const apply = page.getByRole('button', { name: 'Apply', exact: true });
  const bad = document.replace('packages.exists', 'packages.exist').replace('fail,', 'warn,');
  await editor.fill(bad);
  const position = page.getByRole('button', { name: 'Line 10, column 24' });
  await position.waitFor();
  await page.locator('.editor-message', { hasText: 'exists' }).waitFor();
  expect(await apply.isDisabled()).toBe(true);
  await takeScreenshot(page, 'policy fault');
  await position.click();
  const marked = await editor.evaluate((area) => {
    const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement;
    return value.slice(selectionStart, selectionEnd);
  });
  expect(marked).toBe('.exist');
  await page.getByText('Line 10, column 24', { exact: true }).last().waitFor();

  await editor.fill(bad.replace('packages.exist(', 'packages.exists('));
  await page.getByText('1 rule, 2 test cases').waitFor();
  await page.getByRole('button', { name: 'Run tests' }).click();
  await page.getByText('1 failed, 1 passed').waitFor();
  await page.getByText('expected warn').waitFor();
  await takeScreenshot(page, 'policy tests');
  await editor.fill(document);
  await page.getByText('The document was changed after this result').waitFor();
  await page.getByRole('button', { name: 'Run tests' }).click();
  await page.getByText('2 passed', { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('3 of 3 stored images would change').waitFor();
  const counts = page.getByRole('table', { name: 'Images by verdict and action' });
  expect(await counts.getByRole('row', { name: /quarantine/ }).textContent()).toMatch(/03\+3$/);
  await takeScreenshot(page, 'policy preview');
  await apply.click();
  await confirm('Apply');
  await page.waitForURL('**/policies/production');
  await page.getByText('Version 1', { exact: true }).waitFor();
  expect(monitored.violations).toEqual([]);
});

test('a changed document becomes a version, and an earlier one is restored', async () => {
  const editor = page.getByRole('textbox', { name: 'Policy document' });
  await editor.fill(document.replace('no shell.', 'no shell at all.'));
  await page.getByRole('link', { name: 'Decisions' }).first().click();
  await page.getByRole('dialog', { name: 'Discard your changes?' }).waitFor();
  await confirm('Back');
  await page.getByRole('button', { name: 'Apply as new version' }).click();
  await confirm('Apply as new version');
  const versions = page.getByRole('table', { name: 'Versions' });
  await versions.getByRole('row', { name: /Version 2 .*in force/ }).waitFor();
  await versions.getByRole('link', { name: 'Version 1' }).click();
  await page.getByText('Version 1, which is not in force').waitFor();
  await versions.getByRole('button', { name: 'Restore' }).click();
  await confirm('Restore');
  await versions.getByRole('row', { name: /Version 3 .*in force/ }).waitFor();
  const query = { project: 'default' };
  const shown = await lab.instance.client.call(policies.show, {
    ...{ params: { name: 'production' }, query },
  });
  expect(shown).toMatchObject({ version: 3, document });
});

test('a file that is not valid is shown with its position, and cannot be edited', async () => {
  const directory = join(lab.instance.dataDirectory, 'policies');
  await mkdir(directory, { recursive: true });
  const staging = document.replace('production', 'staging').replace('priority: 10', 'priority: -5');
  await writeFile(join(directory, 'staging.yaml'), staging);
  await visitPage(page, consoleUrl('policies'), 'staging');
  await writeFile(join(directory, 'staging.yaml'), staging.replace('-5', 'high'));
  const row = page.getByRole('row', { name: /staging/ });
  await row.getByText('Line 4, column 11').waitFor();
  await row.getByText('version 1 stays in force').waitFor();
  await row.getByRole('link', { name: 'staging' }).click();
  await page.getByText('This policy is read from a file and cannot be changed here').waitFor();
  const editor = page.getByRole('textbox', { name: 'Policy document' });
  expect(await editor.getAttribute('readonly')).not.toBeNull();
  await page
    .getByRole('button', { name: 'Pause' })
    .or(page.getByRole('button', { name: 'Judge again' }))
    .waitFor();
}, 60_000);

async function giveReason(button: Locator, label: string): Promise<void> {
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('checked with the team');
  await dialog.getByRole('button', { name: label, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

test('proposed actions are approved and rejected, an image is released and its evidence purged', async () => {
  await visitPage(page, consoleUrl(''), 'Images in quarantine');
  await page.getByRole('link', { name: 'Actions that need approval 2' }).waitFor();
  await page.getByRole('link', { name: 'Images in quarantine 1' }).waitFor();
  await takeScreenshot(page, 'overview quarantine');
  const stateOf = (row: Locator, state: string): Locator => row.locator(`[data-state=${state}]`);
  await visitPage(page, consoleUrl('decisions'), 'lab/api:1.0');
  const decided = page.getByRole('table', { name: 'Decisions' }).getByRole('row');
  await expect.poll(() => stateOf(decided, 'proposed').count(), { timeout: 20_000 }).toBe(2);
  await expect.poll(() => stateOf(decided, 'done').count(), { timeout: 20_000 }).toBe(1);
  await takeScreenshot(page, 'decisions effects');
  await stateOf(decided, 'proposed').first().click();
  await page.waitForURL('**/quarantine#approvals');
  const proposed = page.getByRole('table', { name: 'Proposed actions' });
  await expect.poll(() => proposed.getByRole('button', { name: 'Approve' }).count()).toBe(2);
  await takeScreenshot(page, 'quarantine proposed');
  await giveReason(proposed.getByRole('button', { name: 'Approve' }).first(), 'Approve');
  await expect.poll(() => proposed.getByRole('button', { name: 'Reject' }).count()).toBe(1);
  await giveReason(proposed.getByRole('button', { name: 'Reject' }), 'Reject');
  await proposed.waitFor({ state: 'hidden' });
  const items = page.getByRole('table', { name: 'Quarantined images' });
  const quarantined = items.getByRole('row', { name: /Quarantined/ });
  await expect.poll(() => quarantined.count(), { timeout: 20_000 }).toBe(2);
  await quarantined.first().getByRole('link').click();
  await page.waitForURL('**/quarantine/*');
  await giveReason(page.getByRole('button', { name: 'Release', exact: true }), 'Release');
  await page.locator('[data-state="released"]').first().waitFor();
  await page.getByRole('link', { name: 'Decisions', exact: true }).last().waitFor();
  await takeScreenshot(page, 'quarantine released');
  await giveReason(page.getByRole('button', { name: 'Purge', exact: true }), 'Purge');
  await page.locator('[data-state="purged"]').first().waitFor();
  expect(monitored.violations).toEqual([]);
}, 60_000);

test('an exception is added from the evidence of a decision, and ended', async () => {
  await visitPage(page, consoleUrl('decisions?verdict=fail'), 'lab/api:1.0');
  await page.getByRole('link', { name: 'lab/api:1.0' }).first().click();
  await page.getByText('bash 5.2.37-2 is installed').first().waitFor();
  await page.getByRole('link', { name: /Add exception for .*pkg:deb/ }).click();
  const form = page.getByRole('dialog', { name: 'Add exception' });
  expect(await form.getByRole('textbox', { name: 'Package' }).inputValue()).toMatch(/^pkg:deb/);
  await form.getByRole('textbox', { name: 'Image' }).fill('*/lab/api:*');
  await form.getByRole('textbox', { name: 'Reason' }).fill('removed in the next release');
  await form.getByLabel('Expires').fill('2001-01-01');
  await form.getByRole('button', { name: 'Add exception' }).click();
  await form.getByText('expected a date or time in the future').waitFor();
  await takeScreenshot(page, 'exception form');
  await form.getByLabel('Expires').fill('2099-01-31');
  await form.getByRole('button', { name: 'Add exception' }).click();
  await form.waitFor({ state: 'hidden' });
  const row = page.getByRole('row', { name: /removed in the next release/ });
  await row.getByText('In force').waitFor();
  await row.getByRole('button', { name: 'End' }).click();
  await confirm('End');
  await page.getByText('No exceptions in force').waitFor();
  await page.getByRole('button', { name: 'Ended' }).click();
  await row.getByText('Ended').waitFor();
  expect(monitored.violations).toEqual([]);
});

const vex = {
  ...{ '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://example.com/vex-1' },
  ...{ author: 'Vendor', timestamp: '2027-01-01T00:00:00Z', version: 1 },
  statements: [
    {
      vulnerability: { name: 'CVE-2024-0001' },
      products: [{ '@id': 'pkg:deb/debian/openssl' }],
      ...{ status: 'not_affected', justification: 'vulnerable_code_not_present' },
    },
    {
      vulnerability: { name: 'CVE-2024-0002' },
      ...{ products: [{ '@id': 'pkg:deb/debian/curl' }], status: 'affected' },
    },
  ],
};

test('a VEX document is imported as exceptions, and says what it ignores', async () => {
  await visitPage(page, consoleUrl('exceptions'), 'No exceptions in force');
  await page.getByRole('button', { name: 'Import VEX' }).click();
  const form = page.getByRole('dialog', { name: 'Import VEX document' });
  await page.locator('input[type=file]').setInputFiles({
    ...{ name: 'Vendor July.json', mimeType: 'application/json' },
    buffer: Buffer.from(JSON.stringify(vex)),
  });
  await form.getByRole('button', { name: 'Import' }).click();
  await form.getByText('1 exception added from vendor-july').waitFor();
  await form.getByText('CVE-2024-0002').waitFor();
  await takeScreenshot(page, 'exceptions import');
  await form.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('row', { name: /CVE-2024-0001/ }).waitFor();
});

const pages = [
  ['policies', 'production'],
  ['policies/production', '1 rule, 2 test cases'],
  ['policies/staging', 'is not valid'],
  ['exceptions', 'CVE-2024-0001'],
] as const;

test.each(pages)('the page "%s" is readable in both schemes and on a phone', async (path, text) => {
  await visitPage(page, consoleUrl(path), text);
  await expectReadable(page, path.replace('/', '-'), { differsOnPhone: path === pages[1][0] });
  expect(monitored.violations).toEqual([]);
});

test('who may not change policies sees the document, and no way to try another one', async () => {
  const credentials = { name: 'viewer', password: 'breakwater gull nine' };
  const grants = [{ role: 'viewer' as const, project: 'default' }];
  const { userCreate } = operations.access;
  await lab.instance.client.call(userCreate, { body: { ...credentials, grants } });
  const { context, violations } = await openContext(browser);
  const viewed = await context.newPage();
  await signIn(viewed, lab.instance.url, credentials);
  await visitPage(viewed, consoleUrl('policies/production'), 'Versions');
  expect(await viewed.getByLabel('Policy document').inputValue()).toContain('no-shell');
  for (const name of ['Apply', 'Run tests', 'Show what would change']) {
    expect(await viewed.getByRole('button', { name }).count(), name).toBe(0);
  }
  expect(await viewed.getByText('Check', { exact: true }).count()).toBe(0);
  await takeScreenshot(viewed, 'policy viewer');
  expect(violations).toEqual([]);
  await context.close();
});

test('the page of a decision is readable, and an exception that expires soon is marked', async () => {
  const { client } = lab.instance;
  const [first] = (await client.call(decisions.list, { query: { verdict: ['fail'] } })).items;
  await visitPage(page, consoleUrl(`decisions/${first?.id ?? ''}`), 'Judged images');
  await expectReadable(page, 'decision');
  const expires = new Date(Date.now() + 5 * 86_400_000).toISOString();
  const about = { vulnerability: 'CVE-2026-31337', package: 'pkg:deb/debian/libexpat1@2.7.1-2' };
  await client.call(exceptions.add, { body: { ...about, reason: 'planned', expires } });
  await visitPage(page, consoleUrl('exceptions?state=soon'), 'CVE-2026-31337');
  await page.locator('[data-state="soon"]').waitFor();
  expect(await page.getByText('CVE-2024-0001').count()).toBe(0);
  await visitPage(page, consoleUrl(''), 'Exception for CVE-2026-31337');
  await page.getByText('expected number, received string').last().waitFor();
  await takeScreenshot(page, 'overview policies');
});
