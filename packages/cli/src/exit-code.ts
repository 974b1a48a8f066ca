/** Exit codes. Scripts rely on them, so their meaning never changes. */
import type { FinalState, ProblemCode } from '@lazaret/protocol';

export const exitCodes = {
  ok: { code: 0, meaning: 'Success; with `--wait`: the job succeeded' },
  failure: { code: 1, meaning: 'Failure for any other reason' },
  usage: { code: 2, meaning: 'Invalid command line' },
  jobFailed: { code: 3, meaning: 'With `--wait`: the job failed' },
  jobTimedOut: { code: 4, meaning: 'With `--wait`: the job timed out' },
  jobCancelled: { code: 5, meaning: 'With `--wait`: the job was cancelled' },
  forbidden: { code: 6, meaning: 'Not signed in, or permission denied' },
  notFound: { code: 7, meaning: 'Not found' },
  unreachable: { code: 8, meaning: 'The server or registry is unreachable or not ready' },
  findings: {
    code: 10,
    meaning:
      '`inspect`: a finding or verdict of `--fail-on`; `inspect diff --exit-code`: a ' +
      'difference; `policy explain --exit-code`: the verdict is fail',
  },
  malicious: { code: 11, meaning: '`inspect`, `lookup`: a verdict is malicious' },
  incomplete: {
    code: 12,
    meaning:
      '`inspect`: not everything could be examined or imported; `inspect diff`: not ' +
      'comparable; `policy explain --exit-code`: the verdict is incomplete',
  },
  unreadable: { code: 13, meaning: '`inspect`: the image is damaged, forged or unsupported' },
  interrupted: { code: 130, meaning: 'Interrupted by Ctrl-C' },
} as const;

/** The exit code for the final state of a job. */
export function exitCodeOfState(state: FinalState): number {
  const byState = {
    succeeded: exitCodes.ok,
    failed: exitCodes.jobFailed,
    timed_out: exitCodes.jobTimedOut,
    cancelled: exitCodes.jobCancelled,
  } as const;
  return byState[state].code;
}

/** Errors of the server about what the command line says. */
const usageProblems: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'invalid_request',
  'invalid_parameters',
  'invalid_input',
]);

/** The exit code for an error response. */
export function exitCodeOfProblem(code: ProblemCode, status: number): number {
  if (usageProblems.has(code)) return exitCodes.usage.code;
  if (status === 401 || status === 403) return exitCodes.forbidden.code;
  if (status === 404) return exitCodes.notFound.code;
  if (status === 503 || status === 429) return exitCodes.unreachable.code;
  return exitCodes.failure.code;
}
