/** Outcomes of jobs and attempts, and observations of containment. */
import { z } from 'zod';

/**
 * What an attempt or a job came to. `class` decides who may try again: interrupted attempts always
 * are, and do not count as failures.
 */
export const outcomeCodes = {
  succeeded: { class: 'success', title: 'Succeeded' },
  exit_code: { class: 'workload', title: 'The engine ended with a failure code' },
  out_of_memory: { class: 'workload', title: 'The engine needed more memory than its limit' },
  process_limit: { class: 'workload', title: 'The engine ran into its limit of processes' },
  disk_limit: { class: 'workload', title: 'The engine wrote more than its disk limit' },
  output_limit: { class: 'workload', title: 'The result is larger than its limit' },
  output_refused: {
    class: 'workload',
    title: 'The result holds links, devices or forbidden paths',
  },
  no_result: { class: 'workload', title: 'The engine left no result' },
  empty_result: { class: 'workload', title: 'The result is empty' },
  invalid_result: { class: 'workload', title: 'The result is not of the declared type' },
  time_limit: { class: 'workload', title: 'The engine ran past its time limit' },
  queue_time_limit: { class: 'permanent', title: 'The job waited past its queue time limit' },
  cancelled: { class: 'permanent', title: 'Cancelled' },
  impossible: { class: 'permanent', title: 'No configured node could ever hold the job' },
  engine_missing: { class: 'permanent', title: 'The engine is gone' },
  image_missing: { class: 'platform', title: 'The node could not get the image' },
  start_failed: { class: 'platform', title: 'The container could not be started' },
  containment_mismatch: {
    class: 'platform',
    title: 'The container engine did not apply the containment that was asked for',
  },
  input_missing: { class: 'permanent', title: 'An input is gone from the blob store' },
  node_error: { class: 'platform', title: 'The container engine failed' },
  lost: { class: 'platform', title: 'The attempt was lost with its worker, node or container' },
  stopped: { class: 'interrupted', title: 'Lazaret was stopped while the attempt ran' },
} as const satisfies Record<
  string,
  { class: 'success' | 'workload' | 'platform' | 'interrupted' | 'permanent'; title: string }
>;
export type OutcomeCode = keyof typeof outcomeCodes;
const outcomeCode = z.enum(Object.keys(outcomeCodes) as [OutcomeCode, ...OutcomeCode[]]);

export const outcome = z.object({ code: outcomeCode, detail: z.string() });
export type Outcome = z.output<typeof outcome>;

/** Something that containment met during an attempt, whatever the outcome. */
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
