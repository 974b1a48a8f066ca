/** Inspections: looking into images as a task, and what is stored of them. */
export { startInspector, type Inspector } from './inspector.ts';
export { openInspectionQueue, type InspectionQueue } from './queue.ts';
export { inspectionSlice } from './slice.ts';
