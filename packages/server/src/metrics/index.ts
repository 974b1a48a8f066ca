/** Metrics: what Prometheus scrapes. */
export { countJobs } from './count-jobs.ts';
export { createMetrics, type Metrics } from './metrics.ts';
