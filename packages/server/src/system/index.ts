/** System: the instance itself; its health, its description, and missing components. */
export { createLoopWatch, type LoopState, type LoopWatch } from './loop-watch.ts';
export { serveDocs } from './serve-docs.ts';
export { serveReference } from './serve-reference.ts';
export { systemSlice } from './slice.ts';
