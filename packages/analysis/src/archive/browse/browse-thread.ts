/** Entry point of the thread that reads archives: threads do not inherit the compile cache. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

const { compileCache } = workerData as { readonly compileCache?: string };
if (compileCache !== undefined) enableCompileCache(compileCache);
await import('./browse-worker.ts');
