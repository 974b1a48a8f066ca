/**
 * The API reference under /api/: a page around Scalar's viewer, without requests to other
 * hosts. The viewer is loaded from its package at the first visit; it has four megabytes.
 *
 * The page has its own policy: nothing from other hosts, no inline script. Inline styles are
 * allowed because the viewer makes its style sheet while it runs; nothing on the page is untrusted
 * content.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Adds the page and its two scripts. Paths are relative, so a proxy may use any prefix. */
export function serveReference(app: FastifyInstance): void {
  let viewer: Promise<Viewer> | undefined;
  app.get('/api', (_request, reply) => reply.redirect('api/', 302));
  app.get('/api/', (_request, reply) =>
    send(reply, 'text/html; charset=utf-8').header('cache-control', 'no-cache').send(page),
  );
  app.get('/api/start.js', (_request, reply) =>
    send(reply, 'text/javascript; charset=utf-8').header('cache-control', 'no-cache').send(starter),
  );
  app.get('/api/viewer.js', async (request, reply) => {
    // A failure is not cached: the next visit retries.
    viewer ??= loadViewer().catch((error: unknown) => {
      viewer = undefined;
      throw error;
    });
    const { script, compressed, etag } = await viewer;
    send(reply, 'text/javascript; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('etag', etag)
      .header('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return reply.send(script);
    return reply.header('content-encoding', 'gzip').send(compressed);
  });
}

function send(reply: FastifyReply, type: string): FastifyReply {
  return reply.type(type).header('content-security-policy', policy);
}

interface Viewer {
  readonly script: string;
  readonly compressed: Buffer;
  readonly etag: string;
}

/** The package only provides its script as a route; a separate instance serves it once. */
async function loadViewer(): Promise<Viewer> {
  const { default: reference } = await import('@scalar/fastify-api-reference');
  const host = Fastify();
  try {
    await host.register(reference, { routePrefix: '/x', configuration: { url: 'none' } });
    const answer = await host.inject('/x/js/scalar.js');
    if (answer.statusCode !== 200) throw new Error('the viewer of the API reference is missing');
    const script = answer.body;
    const digest = createHash('sha256').update(script).digest('base64url');
    return { script, compressed: await promisify(gzip)(script), etag: `"${digest}"` };
  } finally {
    await host.close();
  }
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>API reference · Lazaret</title>
    <link rel="icon" href="../console/favicon.svg" type="image/svg+xml" />
  </head>
  <body>
    <div id="reference"></div>
    <noscript>
      The reference needs JavaScript. The same in plain form:
      <a href="v1/openapi.json">openapi.json</a>
    </noscript>
    <script src="viewer.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

/** The colours of the console. */
const style = `
.light-mode {
  --scalar-color-accent: #136d70;
  --scalar-background-accent: #13707314;
  --scalar-background-1: #ffffff;
  --scalar-background-2: #f6f9f9;
  --scalar-background-3: #ecf1f1;
  --scalar-border-color: #e0e8e8;
  --scalar-color-1: #14262b;
  --scalar-color-2: #3c5156;
  --scalar-color-3: #566b6f;
}
.dark-mode {
  --scalar-color-accent: #6fbab7;
  --scalar-background-accent: #6fbab71f;
  --scalar-background-1: #0a171b;
  --scalar-background-2: #102227;
  --scalar-background-3: #16292f;
  --scalar-border-color: #213a40;
  --scalar-color-1: #dce8e8;
  --scalar-color-2: #bccdce;
  --scalar-color-3: #97afb1;
}
`;

const settings = {
  url: 'v1/openapi.json',
  theme: 'none',
  layout: 'modern',
  customCss: style,
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  hideModels: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  metaData: { title: 'API reference · Lazaret' },
};

/** Calls go to the origin of the page, with any prefix of a proxy. */
const starter = `const url = new URL('..', document.baseURI).href.replace(/\\/$/, '');
Scalar.createApiReference('#reference', { ...${JSON.stringify(settings)}, servers: [{ url }] });
`;
