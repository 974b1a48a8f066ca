/** Outcomes of jobs and attempts, and observations of containment. */
import { z } from 'zod';

/**
 * The result of an attempt or a job. `class` determines whether it is retried: an interruption
 * always is, and it does not count as a failure.
 */
export const outcomeCodes = {
  succeeded: { class: 'success', title: 'Succeeded' },
  exit_code: { class: 'workload', title: 'Engine exited with a failure code' },
  out_of_memory: { class: 'workload', title: 'Memory limit exceeded' },
  process_limit: { class: 'workload', title: 'Process limit exceeded' },
  disk_limit: { class: 'workload', title: 'Disk limit exceeded' },
  output_limit: { class: 'workload', title: 'Result larger than its limit' },
  output_refused: {
    class: 'workload',
    title: 'Result contains links, devices or unsafe paths',
  },
  no_result: { class: 'workload', title: 'No result produced' },
  empty_result: { class: 'workload', title: 'Empty result' },
  invalid_result: { class: 'workload', title: 'Result does not match the declared type' },
  time_limit: { class: 'workload', title: 'Time limit exceeded' },
  queue_time_limit: { class: 'permanent', title: 'Queue time limit exceeded' },
  cancelled: { class: 'permanent', title: 'Cancelled' },
  impossible: { class: 'permanent', title: 'No configured node can run the job' },
  image_missing: { class: 'platform', title: 'Image not available on the node' },
  start_failed: { class: 'platform', title: 'Container failed to start' },
  containment_mismatch: {
    class: 'platform',
    title: 'Container engine did not apply the requested containment',
  },
  input_missing: { class: 'permanent', title: 'Input missing from the blob store' },
  node_error: { class: 'platform', title: 'Container engine error' },
  lost: { class: 'platform', title: 'Attempt lost with its worker, node or container' },
  stopped: { class: 'interrupted', title: 'Interrupted by a shutdown of Lazaret' },
} as const satisfies Record<
  string,
  { class: 'success' | 'workload' | 'platform' | 'interrupted' | 'permanent'; title: string }
>;
export type OutcomeCode = keyof typeof outcomeCodes;
const outcomeCode = z.enum(Object.keys(outcomeCodes) as [OutcomeCode, ...OutcomeCode[]]);

export const outcome = z.object({ code: outcomeCode, detail: z.string() });
export type Outcome = z.output<typeof outcome>;

/** What containment observed during an attempt, whatever the outcome. */
export const observationCodes = [
  'memory_limit',
  'process_limit',
  'disk_limit',
  'log_truncated',
  'killed_after_grace',
  'output_refused',
  'output_truncated',
  'output_names_escaped',
  'adopted_after_restart',
] as const;
export const observation = z.object({ code: z.enum(observationCodes), detail: z.string() });
export type Observation = z.output<typeof observation>;
