/** Jobs: submission, placement, attempts, history, and queries. */
export { findJobsWithInput, findJobsWithResult } from './by-content.ts';
export { knowFromJobs } from './know-contents.ts';
export { NodeWorker } from './node-worker.ts';
export { endOverdue, placeJobs, type SchedulerOptions } from './schedule.ts';
export { findUnfinishedJob } from './read.ts';
export { jobParts, jobsSlice, type JobContext } from './slice.ts';
export { submit, type JobParts } from './service.ts';
export { type RunnableEngine } from './submit.ts';
