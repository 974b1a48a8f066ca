/**
 * The documentation under /docs/: the Markdown files of this installation as pages, without
 * requests to other hosts. The files are part of the program and not untrusted input; the policy of
 * the pages still allows no script.
 */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';

import { Problem } from '@lazaret/protocol';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Marked, type Tokens } from 'marked';

import { docsStyle } from './docs-style.ts';

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Files next to the folder `docs` that are pages too. */
const rootPages = ['README', 'SCOPE', 'SECURITY', 'ARCHITECTURE', 'GLOSSARY', 'CONTRIBUTING'];
const contentsOrder = ['README', 'getting-started', 'inspect', 'engines', 'cli', 'operating'];

interface DocsPage {
  readonly name: string;
  /** In the installation, with slashes. */
  readonly path: string;
}

/** Adds the pages. Paths are relative, so a proxy may use any prefix. */
export function serveDocs(app: FastifyInstance, installation: string): void {
  const pages = listPages(installation);
  const pictures = listPictures(installation);
  app.get('/docs', (_request, reply) => reply.redirect('docs/', 302));
  app.get('/docs/', (_request, reply) => reply.redirect('README', 302));
  app.get('/docs/style.css', (_request, reply) =>
    send(reply, 'text/css; charset=utf-8').send(docsStyle),
  );
  app.get<{ Params: { name: string } }>('/docs/:name', async (request, reply) => {
    const { name } = request.params;
    if (pictures.has(name)) {
      return send(reply, 'image/png').send(await readFile(join(installation, 'docs', name)));
    }
    const page = pages.get(name);
    if (page === undefined) throw new Problem('not_found', `there is no page ${name}`);
    const text = await readFile(join(installation, page.path), 'utf8');
    return send(reply, 'text/html; charset=utf-8').send(renderPage(page, text, pages));
  });
}

function send(reply: FastifyReply, type: string): FastifyReply {
  return reply
    .type(type)
    .header('content-security-policy', policy)
    .header('cache-control', 'no-cache');
}

function listPages(installation: string): ReadonlyMap<string, DocsPage> {
  const files = readFolder(installation).filter((file) => file.endsWith('.md'));
  const pages = [
    ...rootPages.map((name) => ({ name, path: `${name}.md` })),
    ...files.map((file) => ({ name: basename(file, '.md'), path: `docs/${file}` })),
  ].filter(({ path }) => existsSync(join(installation, path)));
  const rank = ({ name }: DocsPage): number => {
    const at = contentsOrder.indexOf(name);
    return at < 0 ? contentsOrder.length : at;
  };
  return new Map(pages.toSorted((a, b) => rank(a) - rank(b)).map((page) => [page.name, page]));
}

function listPictures(installation: string): ReadonlySet<string> {
  return new Set(readFolder(installation).filter((file) => file.endsWith('.png')));
}

function readFolder(installation: string): string[] {
  const folder = join(installation, 'docs');
  return existsSync(folder) ? readdirSync(folder) : [];
}

type Pages = ReadonlyMap<string, DocsPage>;

function renderPage(page: DocsPage, text: string, pages: Pages): string {
  const title = /^# (.+)$/m.exec(text)?.[1] ?? page.name;
  const contents = [...pages.values()].map(({ name }) => {
    const current = name === page.name ? ' aria-current="page"' : '';
    return `<li><a href="${escape(name)}"${current}>${escape(titleOf(name))}</a></li>`;
  });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escape(title)} · Lazaret</title>
    <link rel="icon" href="../console/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="style.css" />
  </head>
  <body>
    <nav aria-label="Documentation">
      <p><a href="../console/">Console</a> · <a href="../api/">API</a></p>
      <ul>${contents.join('')}</ul>
    </nav>
    <main>${renderMarkdown(page, text, pages)}</main>
  </body>
</html>
`;
}

const titles: Readonly<Record<string, string>> = { README: 'Overview', cli: 'Command line' };

/** `getting-started` as `Getting started`. */
function titleOf(name: string): string {
  const words = (titles[name] ?? name).replaceAll('-', ' ');
  const rest = /^[A-Z]+$/.test(words) ? words.slice(1).toLowerCase() : words.slice(1);
  return `${words.charAt(0).toUpperCase()}${rest}`;
}

function renderMarkdown(page: DocsPage, text: string, pages: Pages): string {
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text: plain }: Tokens.Heading) {
        return `<h${depth} id="${slugOf(plain)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens);
        const target = resolveLink(page, href, pages);
        return target === undefined ? inner : `<a href="${escape(target)}">${inner}</a>`;
      },
      image({ href, text: label }: Tokens.Image) {
        return `<img src="${escape(basename(href))}" alt="${escape(label)}" />`;
      },
    },
  });
  return marked.parse(text, { async: false });
}

/** The target of a link in the product; undefined for files that are not served. */
function resolveLink(page: DocsPage, href: string, pages: Pages): string | undefined {
  if (/^(?:https?:|#)/.test(href)) return href;
  const [path = '', anchor] = href.split('#', 2);
  const target = posix.join(posix.dirname(page.path), path);
  if (target === 'openapi.json') return '../api/v1/openapi.json';
  const found = [...pages.values()].find((one) => one.path === target);
  if (found === undefined) return undefined;
  return anchor === undefined ? found.name : `${found.name}#${anchor}`;
}

/** Like on GitHub, so that links work there and here. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
