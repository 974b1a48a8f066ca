/** Metrics for Prometheus. */
export { metricsSlice, type MetricsSlice } from './slice.ts';
