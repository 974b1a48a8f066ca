/** `npm run docs`: writes the pages that are generated from tables of the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generatePages } from './docs/generated-pages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const [path, text] of generatePages()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
