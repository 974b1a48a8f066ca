/** Documentation in the product: pages render, links work, nothing else is loaded. */
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startTestHttp, type TestHttpServer } from '../testing/http-server.ts';
import { serveDocs } from './serve-docs.ts';

const installation = fileURLToPath(new URL('../../../../', import.meta.url));
let server: TestHttpServer;
/** Pages by name, found by following the contents. */
const pages = new Map<string, string>();

beforeAll(async () => {
  server = await startTestHttp([], new Map(), (app) => serveDocs(app, installation));
  const overview = await read('README');
  const names = [...overview.matchAll(/<li><a href="([^"]+)"/g)].map((match) => match[1] ?? '');
  for (const name of names) pages.set(name, await read(name));
});
afterAll(() => server.close());

async function read(name: string): Promise<string> {
  const answer = await fetch(`${server.url}/docs/${name}`);
  expect([name, answer.status]).toEqual([name, 200]);
  return answer.text();
}

const hrefs = (html: string): string[] =>
  [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '');

test('every guide is a page with a heading', () => {
  expect([...pages.keys()]).toEqual(
    expect.arrayContaining(['README', 'getting-started', 'engines', 'inspect', 'cli', 'SECURITY']),
  );
  for (const [name, html] of pages) expect(html, name).toMatch(/<h1 id="/);
});

test('every link inside the product resolves to a page and, if it has a fragment, to a heading', () => {
  const dead: string[] = [];
  for (const [name, html] of pages) {
    for (const href of hrefs(html)) {
      if (/^(?:https?:|\.\.\/|style\.css$|[\w-]+\.png$)/.test(href)) continue;
      const [page = '', anchor] = href.split('#', 2);
      const target = page === '' ? html : pages.get(page);
      const isFound =
        target !== undefined && (anchor === undefined || target.includes(`id="${anchor}"`));
      if (!isFound) dead.push(`${name}: ${href}`);
    }
  }
  expect(dead).toEqual([]);
});

test('pages load nothing from other hosts and allow no script', async () => {
  const answer = await fetch(`${server.url}/docs/engines`);
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  for (const [name, html] of pages) {
    expect(html, name).not.toMatch(/<script|<iframe|<link[^>]+href="http|<img[^>]+src="http/);
  }
});

test.each(['no-such-page', '..%2fpackage.json', '%2e%2e%2fpackage'])(
  'there is no page %s',
  async (name) => {
    const answer = await fetch(`${server.url}/docs/${name}`);
    expect(answer.status).toBe(404);
  },
);
