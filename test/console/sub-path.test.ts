/** The console behind a reverse proxy with a path prefix. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from '../support/instance.ts';
import { launchBrowser, createAdministrator, openContext } from './browser.ts';

const prefix = '/tools/quarantine';
let instance: Instance;
let browser: Browser;
let proxy: Server;
let url: string;

beforeAll(async () => {
  [instance, browser] = await Promise.all([
    startInstance({ engines: [engineFolders.strings] }),
    launchBrowser(),
  ]);
  proxy = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    if (!path.startsWith(`${prefix}/`)) {
      answer.writeHead(418).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = request(
      instance.url + path.slice(prefix.length),
      { method, headers },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
    answer.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`;
});

afterAll(async () => {
  await browser.close();
  proxy.closeAllConnections();
  proxy.close();
  await instance.close();
});

test('pages, deep links, API calls and sign-out stay below the path prefix', async () => {
  const { context, violations } = await openContext(browser);
  const page = await context.newPage();
  const strays: string[] = [];
  page.on('response', (answer) => {
    if (answer.status() === 418) strays.push(answer.url());
  });
  const link = new URL(instance.setupLink);
  await createAdministrator(page, `${url}/console/setup${link.hash}`);
  expect(page.url()).toBe(`${url}/console/`);
  await page.goto(`${url}/console/engines/strings`);
  await page.getByRole('heading', { level: 1, name: 'strings' }).waitFor();
  await page.getByText(`${url}/strings/upload`).waitFor();
  await page.getByRole('link', { name: 'Jobs', exact: true }).last().click();
  await page.waitForURL(`${url}/console/jobs?engine=strings`);
  await page.reload();
  await page.getByText('No matching jobs').waitFor();
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(`${url}/console/sign-in`);
  await page.goto(`${url}/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(strays).toEqual([]);
  expect(violations).toEqual([]);
  await context.close();
});
