/** Metrics: what Prometheus scrapes. */
export { metricsSlice, type MetricsSlice } from './slice.ts';
