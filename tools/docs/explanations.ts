/**
 * Texts of the generated pages that are not in tables of the code. A code without a text is an
 * error.
 */
import type { JobState, observationCodes, outcomeCodes, PermissionScope } from '@lazaret/protocol';

export const stateTexts: Readonly<Record<JobState, string>> = {
  queued: 'Waiting for a node; see the wait reason',
  placed: 'Memory and CPU are reserved on a node',
  starting: 'The container is created, verified, and given its inputs',
  running: 'The engine is running',
  collecting: 'The engine has exited; its results are validated and stored',
  succeeded: 'The result is available',
  failed: 'The outcome has the reason',
  timed_out: 'The time limit of the engine or of the queue was exceeded',
  cancelled: 'A user cancelled it',
};

type OutcomeClass = (typeof outcomeCodes)[keyof typeof outcomeCodes]['class'];

export const outcomeClasses: Readonly<Record<OutcomeClass, string>> = {
  success: 'none',
  workload: "retried only if the engine's `retry.workload` allows it",
  platform: 'retried after a delay, on another node if there is one, up to `retry.attempts`',
  interrupted: 'retried immediately; does not count as a failure',
  permanent: 'the job ends',
};

export const observationTexts: Readonly<Record<(typeof observationCodes)[number], string>> = {
  memory_limit: 'The kernel killed a process at the memory limit',
  process_limit: 'The container reached its process limit',
  disk_limit: 'The engine exceeded its disk limit and was stopped',
  log_truncated: 'The log exceeded its limit; the rest was discarded and the log marked',
  killed_after_grace: 'The engine did not exit on SIGTERM within its grace period',
  output_refused: 'An entry of the results was not a regular file or directory, and was omitted',
  output_truncated: 'The results exceeded a limit',
  output_names_escaped: 'File names with unsafe characters were stored escaped',
  adopted_after_restart: 'Lazaret was restarted and continued with the running container',
};

export const scopeTexts: Readonly<Record<PermissionScope, string>> = {
  project: 'applies in the project of the grant',
  anywhere: 'granted by a role in any project (shared catalogs)',
  instance: 'requires a grant on all projects',
};
