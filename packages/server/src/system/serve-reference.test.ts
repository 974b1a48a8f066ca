import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildOpenApi, operationList, system as rows } from '@lazaret/protocol';
import { route } from '../floor/http/index.ts';
import { startTestHttp, type TestHttpServer } from '../testing/http-server.ts';
import { serveReference } from './serve-reference.ts';

let server: TestHttpServer;
let browser: Browser;

beforeAll(async () => {
  server = await startTestHttp(
    [route(rows.openapi, () => buildOpenApi('1.2.3'))],
    new Map(),
    (app) => {
      serveReference(app);
      app.get('/console/favicon.svg', (_request, reply) =>
        reply.type('image/svg+xml').send('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      );
    },
  );
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox'],
  });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test.each([
  { name: 'wide', width: 1_400, height: 900, colorScheme: 'light' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'dark' },
] as const)('the reference shows the API and contacts no other host ($name)', async (view) => {
  const { width, height, colorScheme } = view;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const external: string[] = [];
  const complaints: string[] = [];
  // Requests to other hosts are blocked and counted.
  await context.route('**', (call) => {
    const url = call.request().url();
    if (url.startsWith(server.url) || url.startsWith('data:') || url.startsWith('blob:')) {
      return call.continue();
    }
    external.push(url);
    return call.abort();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${server.url}/api`);
  await page.getByRole('heading', { name: 'Lazaret', exact: true }).first().waitFor();
  const text = await page.getByText('Submit a file to an engine', { exact: false }).count();
  expect(text).toBeGreaterThan(0);
  expect(page.url()).toBe(`${server.url}/api/`);
  expect(await page.getByText(server.url, { exact: true }).count()).toBe(1);
  expect(external).toEqual([]);
  expect(complaints).toEqual([]);
  if (process.env['SCREENSHOTS'] !== undefined) {
    await page.screenshot({ path: `${process.env['SCREENSHOTS']}/reference-${view.name}.png` });
  }
  await context.close();
});

test('the page, its policy and its scripts are served compressed with validators', async () => {
  const page = await fetch(`${server.url}/api/`);
  expect(page.headers.get('content-security-policy')).toContain(
    "default-src 'none'; script-src 'self';",
  );
  expect(await page.text()).not.toMatch(/https?:\/\//);
  const viewer = await fetch(`${server.url}/api/viewer.js`);
  expect(viewer.headers.get('content-encoding')).toBe('gzip');
  const etag = viewer.headers.get('etag') ?? '';
  const again = await fetch(`${server.url}/api/viewer.js`, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  await viewer.body?.cancel();
});

test('the document describes every operation', async () => {
  const document = JSON.stringify(await (await fetch(`${server.url}/api/v1/openapi.json`)).json());
  for (const { name } of operationList) expect(document).toContain(`"operationId":"${name}"`);
});
