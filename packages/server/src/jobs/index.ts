/** Jobs: submission, placement, attempts, history, and what is read of them. */
export { legacyRoutes } from './legacy-routes.ts';
export { NodeWorker } from './node-worker.ts';
export { jobRoutes } from './routes.ts';
export { endOverdue, placeJobs, type SchedulerOptions } from './schedule.ts';
export { type JobParts } from './service.ts';
export { type RunnableEngine } from './submit.ts';
