/**
 * Entry point of a layer thread: threads do not inherit the compile cache, without which loading
 * takes twice as long.
 */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

const { compileCache } = workerData as { readonly compileCache?: string };
if (compileCache !== undefined) enableCompileCache(compileCache);
await import('./layer-worker.ts');
