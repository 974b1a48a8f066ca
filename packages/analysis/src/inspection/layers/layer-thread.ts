/**
 * Where a layer's thread begins: threads do not inherit the cache of compiled code, without which
 * loading what they need takes twice as long.
 */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

const { compileCache } = workerData as { readonly compileCache?: string };
if (compileCache !== undefined) enableCompileCache(compileCache);
await import('./layer-worker.ts');
