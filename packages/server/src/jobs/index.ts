/** Jobs: submission, placement, attempts, history, and what is read of them. */
export { NodeWorker } from './node-worker.ts';
export { endOverdue, placeJobs, type SchedulerOptions } from './schedule.ts';
export { jobsSlice } from './slice.ts';
export { type RunnableEngine } from './submit.ts';
