/**
 * What the generated pages say beside the tables of the code. A code without a text is an error.
 */
import type { JobState, observationCodes, outcomeCodes, PermissionScope } from '@lazaret/protocol';

export const stateTexts: Readonly<Record<JobState, string>> = {
  queued: 'Waits for a node; the wait reason says what for',
  placed: 'A node has its memory and CPU reserved for it',
  starting: 'The container is made, checked, and given its inputs',
  running: 'The engine runs',
  collecting: 'The engine has ended; its results are checked and stored',
  succeeded: 'The result is there',
  failed: 'The outcome says why',
  timed_out: 'Past the time limit of the engine or of the queue',
  cancelled: 'Somebody cancelled it',
};

type OutcomeClass = (typeof outcomeCodes)[keyof typeof outcomeCodes]['class'];

export const outcomeClasses: Readonly<Record<OutcomeClass, string>> = {
  success: 'nothing more',
  workload: "another attempt only where the engine's `retry.workload` allows it",
  platform:
    'another attempt after a pause, on another node where there is one, up to `retry.attempts`',
  interrupted: 'another attempt at once; it does not count as a failure',
  permanent: 'the job ends',
};

export const observationTexts: Readonly<Record<(typeof observationCodes)[number], string>> = {
  memory_limit: 'The kernel ended a process at the memory limit',
  process_limit: 'The container reached its limit of processes',
  disk_limit: 'The engine wrote more than its disk limit and was ended',
  log_truncated: 'The log went past its cap; the rest was dropped and marked',
  killed_after_grace: 'The engine did not end on SIGTERM within its grace time',
  output_refused: 'Something in the results was no plain file or directory, and was left out',
  output_truncated: 'The results went past a cap',
  output_names_escaped: 'Names that no file system should hold were stored escaped',
  adopted_after_restart: 'Lazaret was restarted and went on with the running container',
};

export const scopeTexts: Readonly<Record<PermissionScope, string>> = {
  project: 'applies in the project of the grant',
  anywhere: 'granted by a role in any project (shared catalogs)',
  instance: 'requires a grant on all projects',
};
