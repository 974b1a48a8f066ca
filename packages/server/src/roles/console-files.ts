/**
 * The files of the console under /console/, with its policy; every page returns the same document.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import fastifyStatic from '@fastify/static';
import { Problem } from '@lazaret/protocol';
import type { FastifyInstance } from 'fastify';

export interface ConsoleFiles {
  /** The output directory of the build. */
  readonly directory: string;
  /** The policy that the console declares for itself. */
  readonly policyFile: string;
  /** The folder with the documentation. */
  readonly installation: string;
}

const prefix = '/console/';

export async function serveConsole(app: FastifyInstance, files: ConsoleFiles): Promise<void> {
  // Relative, so that a proxy may put all of it under any path.
  app.get('/', (_request, reply) => reply.redirect('console/', 302));
  app.get('/console', (_request, reply) => reply.redirect('console/', 302));
  // The results page of an earlier product.
  app.get('/results', (_request, reply) => reply.redirect('console/arrivals', 302));
  const page = join(files.directory, 'index.html');
  if (!existsSync(page)) {
    app.get(`${prefix}*`, () => {
      throw new Problem('unavailable', 'the console is not built: run `npm start` once');
    });
    return;
  }
  const policy = formatPolicy(readFileSync(files.policyFile, 'utf8'));
  const document = readFileSync(page, 'utf8');
  await app.register(fastifyStatic, {
    root: files.directory,
    prefix,
    wildcard: false,
    index: false,
    // Names of built files carry a hash of their content; the few others are revalidated.
    cacheControl: false,
    setHeaders: (reply, path) => {
      const hashed = path.includes('/assets/');
      reply
        .header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
        .header('content-security-policy', policy);
    },
  });
  app.get(`${prefix}*`, (request, reply) =>
    reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(document.replace('<base href="./"', `<base href="${baseOf(request.url)}"`)),
  );
}

/** The relative path from a page of the console up to /console/, for any prefix of a proxy. */
function baseOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  const depth = path.slice(prefix.length).split('/').length - 1;
  return depth === 0 ? './' : '../'.repeat(depth);
}

function formatPolicy(json: string): string {
  const directives = JSON.parse(json) as Record<string, string[]>;
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}
