/** System: the instance itself; its health, its description, and what is missing. */
export { createLoopWatch, type LoopState, type LoopWatch } from './loop-watch.ts';
export { systemRoutes, type SystemRoutesOptions } from './routes.ts';
export { serveReference } from './serve-reference.ts';
