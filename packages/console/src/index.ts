/**
 * What the server needs to serve the built console: where its files are, the policy that they
 * run under, and the page with the right `<base>`.
 *
 * The page names its files relative to itself (`./assets/...`), so that it works under any
 * sub-path of any proxy. A page below the root of the console therefore needs a `<base>` that
 * climbs back, relative too, since only the browser knows the whole address.
 */
import directives from '../content-security-policy.json' with { type: 'json' };

/** Directory of the built console; `index.html` lies in it. */
export const consoleDirectory: URL = new URL('../dist/', import.meta.url);

/** Value of the header Content-Security-Policy. */
export const contentSecurityPolicy: string = Object.entries(directives)
  .map(([name, sources]) => [name, ...sources].join(' '))
  .join('; ');

/**
 * The page for a path below the console's root, without its leading slash: `''` for `/console/`,
 * `jobs/abc` for `/console/jobs/abc`. `/console` itself must be redirected to `/console/`.
 */
export function renderConsole(indexHtml: string, pathBelow: string): string {
  const depth = pathBelow.split('/').length - 1;
  return indexHtml.replace('<base href="./"', `<base href="${depth === 0 ? './' : '../'.repeat(depth)}"`);
}
