/** System: the instance itself; its health, its description, and what is missing. */
export { createLoopWatch, type LoopState, type LoopWatch } from './loop-watch.ts';
export { serveDocs } from './serve-docs.ts';
export { serveReference } from './serve-reference.ts';
export { systemSlice } from './slice.ts';
