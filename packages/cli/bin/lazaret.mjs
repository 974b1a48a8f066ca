#!/usr/bin/env node
/**
 * The program `lazaret`. Plain JavaScript, since the cache of compiled code must be on before any
 * TypeScript is loaded: that halves the time to the help. The directory is the person's own, for
 * whoever writes there decides what runs.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { isBuilt } from './is-built.mjs';

try {
  enableCompileCache(join(homedir(), '.cache', 'lazaret', 'compiled'));
} catch {
  // a user without a home, as in containers: it starts without the cache
}
const built = process.argv[2] === 'inspect' && isBuilt() ? '../dist/main.js' : undefined;
await (built === undefined ? import('../src/main.ts') : import(built));
