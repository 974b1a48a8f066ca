/** Whether `tools/build-program.mjs` bundled the program from the current sources. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const list = join(root, 'packages', 'cli', 'dist', 'sources.json');

/** @returns {boolean} false as well where it was never built */
export function isBuilt() {
  try {
    const { mtimeMs } = statSync(list);
    const sources = JSON.parse(readFileSync(list, 'utf8'));
    return sources.every(([path, sizeBytes]) => {
      const facts = statSync(join(root, path));
      return facts.size === sizeBytes && facts.mtimeMs <= mtimeMs;
    });
  } catch {
    return false;
  }
}
